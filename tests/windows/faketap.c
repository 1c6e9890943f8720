/*
 * A stand-in for OpenVPN's driver tap-windows6, for Wine: one adapter whose cable ends in
 * a UDP socket on loopback. The device, its ioctls, its exclusive opening and its errors
 * are the real driver's (9.27), as far as a program can tell.
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

static DEVICE_OBJECT *device;
static KSPIN_LOCK lock;
static LIST_ENTRY reads;   /* requests that wait for a frame */
static LIST_ENTRY packets; /* frames that wait for a request */
static ULONG packet_count;
static LONG opened, media;
static UCHAR mac[6];

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

static SOCKET cable;

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
    KIRQL level;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&lock, &level);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&lock, level);
    finish(irp, STATUS_CANCELLED, 0);
}

/* The lock is held. NULL: none waits, or all that do are being cancelled. */
static IRP *take_read(void)
{
    while (!IsListEmpty(&reads)) {
        LIST_ENTRY *entry = RemoveHeadList(&reads);
        IRP *irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (IoSetCancelRoutine(irp, NULL))
            return irp;
        InitializeListHead(entry); /* its cancel routine takes it off once more */
    }
    return NULL;
}

static void deliver(const void *data, ULONG len)
{
    KIRQL level;
    KeAcquireSpinLock(&lock, &level);
    IRP *irp = take_read();
    if (!irp && packet_count < QUEUE_MAX) {
        packet *it = ExAllocatePoolWithTag(NonPagedPool, sizeof *it + len, 'ptaF');
        if (it) {
            it->len = len;
            RtlCopyMemory(it->data, data, len);
            InsertTailList(&packets, &it->entry);
            packet_count++;
        }
    }
    KeReleaseSpinLock(&lock, level);
    if (irp)
        fill(irp, data, len);
}

/* Media went down, or nobody has it open any more: reads end, frames are forgotten. */
static void drain(void)
{
    KIRQL level;
    IRP *irp;
    do {
        KeAcquireSpinLock(&lock, &level);
        while (!IsListEmpty(&packets))
            ExFreePoolWithTag(
                CONTAINING_RECORD(RemoveHeadList(&packets), packet, entry), 'ptaF');
        packet_count = 0;
        irp = take_read();
        KeReleaseSpinLock(&lock, level);
        if (irp)
            finish(irp, STATUS_CANCELLED, 0);
    } while (irp);
}

/* Wine tells nobody that opening failed: such a handle fails at whatever it is asked. */
static BOOLEAN is_refused(IRP *irp)
{
    return !IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext;
}

static NTSTATUS NTAPI on_create(DEVICE_OBJECT *of, IRP *irp)
{
    FILE_OBJECT *file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    file->FsContext = NULL;
    if (InterlockedIncrement(&opened) != 1) {
        InterlockedDecrement(&opened);
        return finish(irp, STATUS_UNSUCCESSFUL, 0);
    }
    file->FsContext = &opened;
    return finish(irp, STATUS_SUCCESS, 0);
}

/* IRP_MJ_CLEANUP when the last handle goes; Wine 8 tells only of IRP_MJ_CLOSE. */
static NTSTATUS NTAPI on_close(DEVICE_OBJECT *of, IRP *irp)
{
    if (!is_refused(irp)) {
        IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext = NULL;
        InterlockedExchange(&media, 0);
        drain();
        InterlockedExchange(&opened, 0);
    }
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI on_read(DEVICE_OBJECT *of, IRP *irp)
{
    KIRQL level;
    packet *it = NULL;
    if (is_refused(irp))
        return finish(irp, STATUS_UNSUCCESSFUL, 0);
    if (!media)
        return finish(irp, STATUS_CANCELLED, 0);
    KeAcquireSpinLock(&lock, &level);
    if (IsListEmpty(&packets)) {
        IoMarkIrpPending(irp);
        InsertTailList(&reads, &irp->Tail.Overlay.ListEntry);
        IoSetCancelRoutine(irp, cancel_read);
    } else {
        it = CONTAINING_RECORD(RemoveHeadList(&packets), packet, entry);
        packet_count--;
    }
    KeReleaseSpinLock(&lock, level);
    if (!it)
        return STATUS_PENDING;
    NTSTATUS status = fill(irp, it->data, it->len);
    ExFreePoolWithTag(it, 'ptaF');
    return status;
}

static NTSTATUS NTAPI on_write(DEVICE_OBJECT *of, IRP *irp)
{
    ULONG len = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
    UCHAR *frame = buffer_of(irp);
    name to = loopback(CABLE_PORT);
    if (is_refused(irp))
        return finish(irp, STATUS_UNSUCCESSFUL, 0);
    if (!media)
        return finish(irp, STATUS_CANCELLED, 0);
    if (len < FRAME_MIN || len > FRAME_MAX)
        return finish(irp, STATUS_INVALID_PARAMETER, 0);
    sendto(cable, frame, (int)len, 0, &to, sizeof to);
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

static NTSTATUS set_media(IRP *irp)
{
    IO_STACK_LOCATION *at = IoGetCurrentIrpStackLocation(irp);
    if (at->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG))
        return finish(irp, STATUS_INVALID_PARAMETER, 0);
    InterlockedExchange(&media, *(ULONG *)irp->AssociatedIrp.SystemBuffer != 0);
    if (!media)
        drain();
    return finish(irp, STATUS_SUCCESS, 1); /* as the real one says */
}

static NTSTATUS NTAPI on_control(DEVICE_OBJECT *of, IRP *irp)
{
    static const ULONG version[3] = {9, 27, 0}, mtu = MTU;
    if (is_refused(irp))
        return finish(irp, STATUS_UNSUCCESSFUL, 0);
    switch (
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
    case GET_MAC:
        return answer(irp, mac, sizeof mac);
    case GET_VERSION:
        return answer(irp, version, sizeof version);
    case GET_MTU:
        return answer(irp, &mtu, sizeof mtu);
    case SET_MEDIA:
        return set_media(irp);
    }
    return finish(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

/* --- the cable -------------------------------------------------------------------- */

static void NTAPI listen(void *ignored)
{
    static UCHAR frame[2048];
    int len;
    while ((len = recv(cable, frame, sizeof frame, 0)) >= 0)
        if (len >= FRAME_MIN && media)
            deliver(frame, (ULONG)len);
}

static NTSTATUS plug_in(void)
{
    static UCHAR winsock[1024];
    HANDLE thread;
    name at = loopback(FAKETAP_PORT);
    if (WSAStartup(0x202, winsock) != 0)
        return STATUS_UNSUCCESSFUL;
    cable = socket(2, 2, 17);
    if (bind(cable, &at, sizeof at) != 0)
        return STATUS_ADDRESS_ALREADY_EXISTS;
    return PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, listen,
                                NULL);
}

/* --- starting --------------------------------------------------------------------- */

static int digit(WCHAR c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* NetworkAddress is taken only here, and only a locally administered unicast address. */
static void read_mac(void)
{
    UNICODE_STRING path, value;
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;
    UCHAR buffer[128], wanted[6] = {0};
    ULONG len;
    KEY_VALUE_PARTIAL_INFORMATION *found = (void *)buffer;
    RtlInitUnicodeString(&path,
                         L"\\Registry\\Machine\\SYSTEM\\CurrentControlSet\\Control"
                         "\\Class\\" WIDE(FAKETAP_CLASS) L"\\" WIDE(FAKETAP_SUBKEY));
    RtlInitUnicodeString(&value, L"NetworkAddress");
    InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (ZwOpenKey(&key, KEY_READ, &attributes))
        return;
    if (!ZwQueryValueKey(key, &value, KeyValuePartialInformation, buffer, sizeof buffer,
                         &len) &&
        found->DataLength >= 12 * sizeof(WCHAR)) {
        const WCHAR *text = (const WCHAR *)found->Data;
        for (int i = 0; i < 12; i++)
            wanted[i / 2] = (UCHAR)(wanted[i / 2] << 4 | digit(text[i]));
        if ((wanted[0] & 3) == 2)
            RtlCopyMemory(mac, wanted, sizeof mac);
    }
    ZwClose(key);
}

static void NTAPI unload(DRIVER_OBJECT *driver)
{
    UNICODE_STRING link;
    RtlInitUnicodeString(&link, L"\\DosDevices\\Global\\" WIDE(FAKETAP_ID) L".tap");
    closesocket(cable);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    static const UCHAR factory[6] = {0x00, 0xff, 0x12, 0x34, 0x56, 0x78};
    UNICODE_STRING own, link;
    RtlInitUnicodeString(&own, L"\\Device\\" WIDE(FAKETAP_ID) L".tap");
    RtlInitUnicodeString(&link, L"\\DosDevices\\Global\\" WIDE(FAKETAP_ID) L".tap");
    RtlCopyMemory(mac, factory, sizeof mac);
    read_mac();
    KeInitializeSpinLock(&lock);
    InitializeListHead(&reads);
    InitializeListHead(&packets);
    driver->MajorFunction[IRP_MJ_CREATE] = on_create;
    driver->MajorFunction[IRP_MJ_CLOSE] = on_close;
    driver->MajorFunction[IRP_MJ_CLEANUP] = on_close;
    driver->MajorFunction[IRP_MJ_READ] = on_read;
    driver->MajorFunction[IRP_MJ_WRITE] = on_write;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = on_control;
    driver->DriverUnload = unload;
    NTSTATUS status =
        IoCreateDevice(driver, 0, &own, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (status)
        return status;
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    status = IoCreateSymbolicLink(&link, &own);
    return status ? status : plug_in();
}
