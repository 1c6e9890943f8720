/*
 * A stand-in for OpenVPN's driver tap-windows6, for Wine: adapters whose cables end in UDP
 * sockets on loopback. Devices, ioctls, exclusive opening and errors are the real driver's
 * (9.27), as far as a program can tell.
 *
 * A driver is a DLL in an ordinary process there (winedevice.exe), so it may use Winsock.
 */
#include <ntddk.h>

#include "faketap.h"

#define CONTROL(n)  CTL_CODE(FILE_DEVICE_UNKNOWN, n, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define GET_MAC     CONTROL(1)
#define GET_VERSION CONTROL(2)
#define GET_MTU     CONTROL(3)
#define SET_MEDIA   CONTROL(6)

#define WIDE_(text) L##text
#define WIDE(text)  WIDE_(text)

#define MTU       1500
#define FRAME_MIN 14
#define FRAME_MAX (MTU + 18)
#define QUEUE_MAX 256

typedef struct packet {
    LIST_ENTRY entry;
    ULONG len;
    UCHAR data[1];
} packet;

typedef struct adapter {
    DEVICE_OBJECT *device; /* NULL: there is none */
    KSPIN_LOCK lock;
    LIST_ENTRY reads;   /* requests that wait for a frame */
    LIST_ENTRY packets; /* frames that wait for a request */
    ULONG packet_count;
    LONG opened, media;
    LONG asleep, gone; /* orders from the cable */
    UCHAR mac[6];
    WCHAR flaw; /* the first letter, or 0 */
    ULONG_PTR cable;
    USHORT port;
    volatile LONG listens;
} adapter;

static adapter adapters[FAKETAP_MAX];

static adapter *adapter_of(DEVICE_OBJECT *device)
{
    return *(adapter **)device->DeviceExtension;
}

/* --- Winsock, which ntddk.h does not go with ---------------------------------------- */

typedef ULONG_PTR SOCKET;
typedef struct name {
    USHORT family, port;
    ULONG address;
    UCHAR zero[8];
} name;
__declspec(dllimport) int NTAPI WSAStartup(USHORT, void *);
__declspec(dllimport) SOCKET NTAPI socket(int, int, int);
__declspec(dllimport) int NTAPI bind(SOCKET, const void *, int);
__declspec(dllimport) int NTAPI
    sendto(SOCKET, const void *, int, int, const void *, int);
__declspec(dllimport) int NTAPI recv(SOCKET, void *, int, int);
__declspec(dllimport) int NTAPI closesocket(SOCKET);

static name loopback(USHORT port)
{
    name to = {2, (USHORT)(port >> 8 | port << 8), 0x0100007f, {0}};
    return to;
}

/* --- requests --------------------------------------------------------------------- */

static NTSTATUS finish(IRP *irp, NTSTATUS status, ULONG_PTR info)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = info;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void *buffer_of(IRP *irp)
{
    return irp->MdlAddress
               ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority)
               : irp->AssociatedIrp.SystemBuffer;
}

/* A read whose buffer is too small loses the frame. */
static NTSTATUS fill(IRP *irp, const void *data, ULONG len)
{
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length < len)
        return finish(irp, STATUS_BUFFER_OVERFLOW, 0);
    RtlCopyMemory(buffer_of(irp), data, len);
    return finish(irp, STATUS_SUCCESS, len);
}

static void NTAPI cancel_read(DEVICE_OBJECT *of, IRP *irp)
{
    adapter *it = adapter_of(of);
    KIRQL level;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&it->lock, &level);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&it->lock, level);
    finish(irp, STATUS_CANCELLED, 0);
}

/* The lock is held. NULL: none waits, or all that do are being cancelled. */
static IRP *take_read(adapter *it)
{
    while (!IsListEmpty(&it->reads)) {
        LIST_ENTRY *entry = RemoveHeadList(&it->reads);
        IRP *irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (IoSetCancelRoutine(irp, NULL))
            return irp;
        InitializeListHead(entry); /* its cancel routine takes it off once more */
    }
    return NULL;
}

static void deliver(adapter *it, const void *data, ULONG len)
{
    KIRQL level;
    KeAcquireSpinLock(&it->lock, &level);
    IRP *irp = take_read(it);
    if (!irp && it->packet_count < QUEUE_MAX) {
        packet *waits =
            ExAllocatePoolWithTag(NonPagedPool, sizeof *waits + len, 'ptaF');
        if (waits) {
            waits->len = len;
            RtlCopyMemory(waits->data, data, len);
            InsertTailList(&it->packets, &waits->entry);
            it->packet_count++;
        }
    }
    KeReleaseSpinLock(&it->lock, level);
    if (irp)
        fill(irp, data, len);
}

/* Media went down, the machine falls asleep, or nobody has it open any more: reads end,
 * frames are forgotten. */
static void drain(adapter *it)
{
    KIRQL level;
    IRP *irp;
    do {
        KeAcquireSpinLock(&it->lock, &level);
        while (!IsListEmpty(&it->packets))
            ExFreePoolWithTag(
                CONTAINING_RECORD(RemoveHeadList(&it->packets), packet, entry), 'ptaF');
        it->packet_count = 0;
        irp = take_read(it);
        KeReleaseSpinLock(&it->lock, level);
        if (irp)
            finish(irp, STATUS_CANCELLED, 0);
    } while (irp);
}

/* Wine tells nobody that opening failed: such a handle fails at whatever it is asked.
 * 0: it may go on. */
static NTSTATUS refusal(adapter *it, IRP *irp)
{
    if (it->gone)
        return STATUS_NO_SUCH_DEVICE;
    return IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext
               ? 0
               : STATUS_UNSUCCESSFUL;
}

static NTSTATUS NTAPI on_create(DEVICE_OBJECT *of, IRP *irp)
{
    adapter *it = adapter_of(of);
    FILE_OBJECT *file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    file->FsContext = NULL;
    if (it->flaw == 'b')
        return finish(irp, STATUS_UNSUCCESSFUL, 0);
    if (InterlockedIncrement(&it->opened) != 1) {
        InterlockedDecrement(&it->opened);
        return finish(irp, STATUS_UNSUCCESSFUL, 0);
    }
    file->FsContext = it;
    return finish(irp, STATUS_SUCCESS, 0);
}

/* IRP_MJ_CLEANUP when the last handle goes; Wine 8 tells only of IRP_MJ_CLOSE. */
static NTSTATUS NTAPI on_close(DEVICE_OBJECT *of, IRP *irp)
{
    adapter *it = adapter_of(of);
    FILE_OBJECT *file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    if (file->FsContext) {
        file->FsContext = NULL;
        InterlockedExchange(&it->media, 0);
        drain(it);
        InterlockedExchange(&it->opened, 0);
    }
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI on_read(DEVICE_OBJECT *of, IRP *irp)
{
    adapter *it = adapter_of(of);
    KIRQL level;
    packet *waits = NULL;
    NTSTATUS refused = refusal(it, irp);
    if (refused)
        return finish(irp, refused, 0);
    if (!it->media || it->asleep)
        return finish(irp, STATUS_CANCELLED, 0);
    KeAcquireSpinLock(&it->lock, &level);
    if (IsListEmpty(&it->packets)) {
        IoMarkIrpPending(irp);
        InsertTailList(&it->reads, &irp->Tail.Overlay.ListEntry);
        IoSetCancelRoutine(irp, cancel_read);
    } else {
        waits = CONTAINING_RECORD(RemoveHeadList(&it->packets), packet, entry);
        it->packet_count--;
    }
    KeReleaseSpinLock(&it->lock, level);
    if (!waits)
        return STATUS_PENDING;
    NTSTATUS status = fill(irp, waits->data, waits->len);
    ExFreePoolWithTag(waits, 'ptaF');
    return status;
}

static NTSTATUS NTAPI on_write(DEVICE_OBJECT *of, IRP *irp)
{
    adapter *it = adapter_of(of);
    ULONG len = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
    UCHAR *frame = buffer_of(irp);
    name to = loopback(it->port + (CABLE_PORT - FAKETAP_PORT));
    NTSTATUS refused = refusal(it, irp);
    if (refused)
        return finish(irp, refused, 0);
    if (!it->media || it->asleep)
        return finish(irp, STATUS_CANCELLED, 0);
    if (len < FRAME_MIN || len > FRAME_MAX)
        return finish(irp, STATUS_INVALID_PARAMETER, 0);
    sendto(it->cable, frame, (int)len, 0, &to, sizeof to);
    return finish(irp, STATUS_SUCCESS, len);
}

static NTSTATUS answer(IRP *irp, const void *data, ULONG len)
{
    IO_STACK_LOCATION *at = IoGetCurrentIrpStackLocation(irp);
    if (at->Parameters.DeviceIoControl.OutputBufferLength < len)
        return finish(irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, data, len);
    return finish(irp, STATUS_SUCCESS, len);
}

static NTSTATUS set_media(adapter *it, IRP *irp)
{
    IO_STACK_LOCATION *at = IoGetCurrentIrpStackLocation(irp);
    if (at->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG) ||
        it->flaw == 'c')
        return finish(irp, STATUS_INVALID_PARAMETER, 0);
    InterlockedExchange(&it->media, *(ULONG *)irp->AssociatedIrp.SystemBuffer != 0);
    if (!it->media)
        drain(it);
    return finish(irp, STATUS_SUCCESS, 1); /* as the real one says */
}

static NTSTATUS NTAPI on_control(DEVICE_OBJECT *of, IRP *irp)
{
    static const ULONG version[3] = {9, 27, 0}, old_version[3] = {9, 9, 2}, mtu = MTU;
    adapter *it = adapter_of(of);
    NTSTATUS refused = refusal(it, irp);
    if (refused)
        return finish(irp, refused, 0);
    switch (
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
    case GET_MAC:
        return answer(irp, it->mac, sizeof it->mac);
    case GET_VERSION:
        return answer(irp, it->flaw == 'o' ? old_version : version, sizeof version);
    case GET_MTU:
        return answer(irp, &mtu, sizeof mtu);
    case SET_MEDIA:
        return set_media(it, irp);
    }
    return finish(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

/* --- the cable -------------------------------------------------------------------- */

static void obey(adapter *it, UCHAR order)
{
    InterlockedExchange(&it->asleep, order == 's');
    if (order == 'g')
        InterlockedExchange(&it->gone, 1);
    if (order != 'w')
        drain(it);
}

static void NTAPI listen(void *context)
{
    adapter *it = context;
    UCHAR frame[2048];
    int len;
    while ((len = recv(it->cable, frame, sizeof frame, 0)) > 0) {
        if (len == 1 && frame[0] == 'q')
            break; /* unload says so */
        if (len == 1)
            obey(it, frame[0]);
        else if (len >= FRAME_MIN && it->media && !it->asleep)
            deliver(it, frame, (ULONG)len);
    }
    InterlockedExchange(&it->listens, 0);
}

static NTSTATUS plug_in(adapter *it)
{
    static UCHAR winsock[1024];
    HANDLE thread;
    name at = loopback(it->port);
    if (WSAStartup(0x202, winsock) != 0)
        return STATUS_UNSUCCESSFUL;
    it->cable = socket(2, 2, 17);
    if (bind(it->cable, &at, sizeof at) != 0)
        return STATUS_ADDRESS_ALREADY_EXISTS;
    it->listens = 1;
    return PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, listen,
                                it);
}

/* --- starting --------------------------------------------------------------------- */

static int digit(WCHAR c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* How many characters; 0 where there is no such value. */
static ULONG read_value(HANDLE key, const WCHAR *of, WCHAR out[64])
{
    UCHAR buffer[160];
    ULONG len;
    UNICODE_STRING value;
    KEY_VALUE_PARTIAL_INFORMATION *found = (void *)buffer;
    RtlInitUnicodeString(&value, of);
    if (ZwQueryValueKey(key, &value, KeyValuePartialInformation, buffer, sizeof buffer,
                        &len) ||
        found->DataLength > 63 * sizeof(WCHAR))
        return 0;
    RtlZeroMemory(out, 64 * sizeof(WCHAR));
    RtlCopyMemory(out, found->Data, found->DataLength);
    return found->DataLength / sizeof(WCHAR);
}

/* NetworkAddress is taken only here, and only a locally administered unicast address. */
static void take_mac(adapter *it, const WCHAR *text)
{
    UCHAR wanted[6] = {0};
    for (int i = 0; i < 12; i++)
        wanted[i / 2] = (UCHAR)(wanted[i / 2] << 4 | digit(text[i]));
    if ((wanted[0] & 3) == 2)
        RtlCopyMemory(it->mac, wanted, sizeof it->mac);
}

/* False: there is no such adapter in the registry. */
static BOOLEAN read_registry(adapter *it, int index)
{
    static WCHAR path[] =
        L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control"
        "\\Class\\" WIDE(FAKETAP_CLASS) L"\\" WIDE(FAKETAP_SUBKEY) L"2";
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING wide;
    HANDLE key;
    WCHAR text[64];
    path[sizeof path / sizeof *path - 2] = (WCHAR)('2' + index);
    RtlInitUnicodeString(&wide, path);
    InitializeObjectAttributes(&attributes, &wide, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (ZwOpenKey(&key, KEY_READ, &attributes))
        return FALSE;
    BOOLEAN is_there = read_value(key, L"NetCfgInstanceId", text) > 0;
    it->flaw = read_value(key, L"Flaw", text) > 0 ? text[0] : 0;
    if (it->flaw != 'd' && read_value(key, L"NetworkAddress", text) >= 12)
        take_mac(it, text);
    ZwClose(key);
    return is_there;
}

static void name_link(int index, UNICODE_STRING *out)
{
    static WCHAR link[] = L"\\DosDevices\\Global\\" WIDE(FAKETAP_ID) L"0}.tap";
    link[sizeof link / sizeof *link - 7] = (WCHAR)('0' + index);
    RtlInitUnicodeString(out, link);
}

static NTSTATUS start(DRIVER_OBJECT *driver, int index)
{
    static const UCHAR factory[6] = {0x00, 0xff, 0x12, 0x34, 0x56, 0x78};
    static WCHAR path[] = L"\\Device\\" WIDE(FAKETAP_ID) L"0}.tap";
    adapter *it = &adapters[index];
    UNICODE_STRING own, link;
    RtlCopyMemory(it->mac, factory, sizeof factory);
    if (!read_registry(it, index))
        return STATUS_SUCCESS;
    it->port = (USHORT)(FAKETAP_PORT + 2 * index);
    KeInitializeSpinLock(&it->lock);
    InitializeListHead(&it->reads);
    InitializeListHead(&it->packets);
    path[sizeof path / sizeof *path - 7] = (WCHAR)('0' + index);
    RtlInitUnicodeString(&own, path);
    NTSTATUS status = IoCreateDevice(driver, sizeof it, &own, FILE_DEVICE_UNKNOWN, 0,
                                     FALSE, &it->device);
    if (status)
        return status;
    *(adapter **)it->device->DeviceExtension = it;
    it->device->Flags |= DO_DIRECT_IO;
    it->device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    name_link(index, &link);
    status = IoCreateSymbolicLink(&link, &own);
    return status ? status : plug_in(it);
}

static void stop(int index)
{
    adapter *it = &adapters[index];
    UNICODE_STRING link;
    name to = loopback(it->port);
    LARGE_INTEGER moment = {.QuadPart = -100000}; /* 10 ms */
    if (!it->device)
        return;
    sendto(it->cable, "q", 1, 0, &to, sizeof to);
    while (it->listens)
        KeDelayExecutionThread(KernelMode, FALSE, &moment);
    closesocket(it->cable);
    name_link(index, &link);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(it->device);
}

static void NTAPI unload(DRIVER_OBJECT *driver)
{
    for (int i = 0; i < FAKETAP_MAX; i++)
        stop(i);
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    NTSTATUS status = STATUS_SUCCESS;
    driver->MajorFunction[IRP_MJ_CREATE] = on_create;
    driver->MajorFunction[IRP_MJ_CLOSE] = on_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = on_close;
    driver->MajorFunction[IRP_MJ_READ] = on_read;
    driver->MajorFunction[IRP_MJ_WRITE] = on_write;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = on_control;
    driver->DriverUnload = unload;
    for (int i = 0; i < FAKETAP_MAX && !status; i++)
        status = start(driver, i);
    return status;
}
