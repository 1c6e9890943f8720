#include "gui/windows/tray.h"

#include <shellapi.h>

#include "gui/windows/buffer.h"
#include "gui/windows/resource.h"
#include "os/windows/text.h"

enum { ICON_ID = 1, BIGGEST = 64 };

/* --- the icon --------------------------------------------------------------------- */

static COLORREF colour_of(lp_tone tone)
{
    static const COLORREF colours[] = {
        [LP_TONE_CALM] = RGB(134, 142, 155), [LP_TONE_BUSY] = RGB(66, 99, 235),
        [LP_TONE_GOOD] = RGB(43, 138, 62),   [LP_TONE_WARN] = RGB(217, 119, 6),
        [LP_TONE_BAD] = RGB(201, 42, 42),
    };
    return colours[tone];
}

/* The sign covers the lower right corner, with a rim that sets it off. */
static void draw_sign(void *pixels, int size, lp_tone tone)
{
    lp_canvas canvas = {pixels, size, size};
    float side = (float)size, sign = side * 0.6F, rim = side / 16;
    lp_box box = {side - sign + rim, side - sign + rim, side - rim, side - rim};
    lp_draw_disc(&canvas, side - sign / 2, side - sign / 2, sign / 2, 0xffffff);
    lp_draw_sign(&canvas, box, tone, lp_colour_of(colour_of(tone)), 0xffffff);
}

static HICON icon_of_pixels(HBITMAP colours, int size)
{
    static const BYTE nothing[BIGGEST * BIGGEST / 8];
    HBITMAP mask = CreateBitmap(size, size, 1, 1, nothing);
    ICONINFO info = {.fIcon = TRUE, .hbmMask = mask, .hbmColor = colours};
    HICON icon = mask ? CreateIconIndirect(&info) : NULL;
    DeleteObject(mask);
    return icon;
}

HICON lp_tray_icon(lp_tone tone, int size)
{
    void *pixels = NULL;
    HICON icon = NULL;
    size = size > BIGGEST ? BIGGEST : size;
    BITMAPINFO info = {.bmiHeader = {.biSize = sizeof info.bmiHeader,
                                     .biWidth = size,
                                     .biHeight = -size,
                                     .biPlanes = 1,
                                     .biBitCount = 32}};
    HDC dc = CreateCompatibleDC(NULL);
    HBITMAP bitmap = CreateDIBSection(dc, &info, DIB_RGB_COLORS, &pixels, NULL, 0);
    HICON plain = LoadImageW(GetModuleHandleW(NULL), MAKEINTRESOURCEW(LP_ICON),
                             IMAGE_ICON, size, size, 0);
    if (bitmap && plain) {
        HGDIOBJ old = SelectObject(dc, bitmap);
        DrawIconEx(dc, 0, 0, plain, size, size, 0, NULL, DI_NORMAL);
        GdiFlush();
        SelectObject(dc, old);
        if (tone != LP_TONE_CALM)
            draw_sign(pixels, size, tone);
        icon = icon_of_pixels(bitmap, size);
    }
    DestroyIcon(plain);
    DeleteObject(bitmap);
    DeleteDC(dc);
    return icon;
}

/* --- the shell -------------------------------------------------------------------- */

static NOTIFYICONDATAW about(const lp_tray *tray)
{
    NOTIFYICONDATAW data = {.cbSize = sizeof data,
                            .hWnd = tray->window,
                            .uID = ICON_ID,
                            .uFlags = NIF_MESSAGE | NIF_ICON | NIF_TIP | NIF_SHOWTIP,
                            .uCallbackMessage = LP_WM_TRAY,
                            .hIcon = tray->icon,
                            .uVersion = NOTIFYICON_VERSION_4};
    wcscpy(data.szTip, tray->tip); /* both have 128 */
    return data;
}

void lp_tray_again(lp_tray *tray)
{
    NOTIFYICONDATAW data = about(tray);
    tray->is_shown = Shell_NotifyIconW(NIM_ADD, &data);
    if (tray->is_shown)
        Shell_NotifyIconW(NIM_SETVERSION, &data);
}

void lp_tray_open(lp_tray *tray, HWND window)
{
    *tray = (lp_tray){.window = window, .tone = LP_TONE_BAD};
    lp_tray_show(tray, LP_TONE_CALM, "LAN Party");
}

void lp_tray_close(lp_tray *tray)
{
    NOTIFYICONDATAW data = about(tray);
    if (tray->is_shown)
        Shell_NotifyIconW(NIM_DELETE, &data);
    DestroyIcon(tray->icon);
    *tray = (lp_tray){0};
}

void lp_tray_show(lp_tray *tray, lp_tone tone, const char *tip)
{
    wchar_t wide[128];
    if (!lp_text_to_wide(tip, wide, 128))
        wcscpy(wide, L"LAN Party");
    if (tray->icon && tone == tray->tone && wcscmp(wide, tray->tip) == 0)
        return;
    wcscpy(tray->tip, wide);
    if (!tray->icon || tone != tray->tone) {
        DestroyIcon(tray->icon);
        tray->icon = lp_tray_icon(tone, GetSystemMetrics(SM_CXSMICON));
        tray->tone = tone;
    }
    NOTIFYICONDATAW data = about(tray);
    if (!tray->is_shown)
        lp_tray_again(tray);
    else
        Shell_NotifyIconW(NIM_MODIFY, &data);
}

void lp_tray_tell(lp_tray *tray, const char *title, const char *text, bool is_bad)
{
    NOTIFYICONDATAW data = about(tray);
    data.uFlags |= NIF_INFO;
    data.dwInfoFlags = is_bad ? NIIF_WARNING : NIIF_INFO;
    if (lp_text_to_wide(title, data.szInfoTitle, 64) &&
        lp_text_to_wide(text, data.szInfo, 256))
        Shell_NotifyIconW(NIM_MODIFY, &data);
}
