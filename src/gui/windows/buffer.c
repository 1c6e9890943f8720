#include "gui/windows/buffer.h"

lp_buffer lp_buffer_begin(HDC target, RECT rect, HBRUSH background)
{
    lp_buffer buffer = {.rect = rect, .target = target};
    void *pixels = NULL;
    int width = rect.right - rect.left, height = rect.bottom - rect.top;
    BITMAPINFO info = {.bmiHeader = {.biSize = sizeof info.bmiHeader,
                                     .biWidth = width,
                                     .biHeight = -height,
                                     .biPlanes = 1,
                                     .biBitCount = 32}};
    buffer.dc = CreateCompatibleDC(target);
    buffer.bitmap = CreateDIBSection(target, &info, DIB_RGB_COLORS, &pixels, NULL, 0);
    buffer.old = SelectObject(buffer.dc, buffer.bitmap);
    if (buffer.bitmap)
        buffer.canvas = (lp_canvas){pixels, width, height};
    SetViewportOrgEx(buffer.dc, -rect.left, -rect.top, NULL);
    FillRect(buffer.dc, &rect, background);
    GdiFlush(); /* before our own hands touch the pixels */
    return buffer;
}

void lp_buffer_end(lp_buffer *buffer)
{
    RECT rect = buffer->rect;
    BitBlt(buffer->target, rect.left, rect.top, rect.right - rect.left,
           rect.bottom - rect.top, buffer->dc, rect.left, rect.top, SRCCOPY);
    SelectObject(buffer->dc, buffer->old);
    DeleteObject(buffer->bitmap);
    DeleteDC(buffer->dc);
    *buffer = (lp_buffer){0};
}

lp_box lp_buffer_box(const lp_buffer *buffer, RECT rect)
{
    return (lp_box){(float)(rect.left - buffer->rect.left),
                    (float)(rect.top - buffer->rect.top),
                    (float)(rect.right - buffer->rect.left),
                    (float)(rect.bottom - buffer->rect.top)};
}
