#include "gui/windows/theme.h"

#include <dwmapi.h>

/* Since Windows 10 2004; before, it had number 19. mingw-w64's header knows neither. */
#define DARK_FRAME        20
#define DARK_FRAME_BEFORE 19

#define PERSONALIZE L"Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize"

static bool wants_dark(void)
{
    DWORD light = 1, len = sizeof light;
    RegGetValueW(HKEY_CURRENT_USER, PERSONALIZE, L"AppsUseLightTheme", RRF_RT_REG_DWORD,
                 NULL, &light, &len);
    return light == 0;
}

static bool wants_contrast(void)
{
    HIGHCONTRASTW contrast = {.cbSize = sizeof contrast};
    return SystemParametersInfoW(SPI_GETHIGHCONTRAST, sizeof contrast, &contrast, 0) &&
           (contrast.dwFlags & HCF_HIGHCONTRASTON);
}

/* --- colours ---------------------------------------------------------------------- */

/* clang-format off: a table reads like a table */
static void be_light(lp_theme *to)
{
    const lp_theme colours = {
        .surface = {RGB(243, 244, 247), RGB(255, 255, 255), RGB(255, 246, 228),
                    RGB(253, 238, 238), RGB(255, 255, 255)},
        .edge = {RGB(226, 229, 234), RGB(226, 229, 234), RGB(240, 217, 170),
                 RGB(241, 200, 200), RGB(184, 190, 200)},
        .text = RGB(26, 29, 35),
        .dim = RGB(88, 96, 108),
        .accent = RGB(66, 99, 235),
        .accent_hot = RGB(54, 84, 208),
        .accent_down = RGB(43, 68, 176),
        .on_accent = RGB(255, 255, 255),
        .button = RGB(255, 255, 255),
        .button_hot = RGB(236, 239, 244),
        .button_down = RGB(222, 226, 234),
        .tone = {[LP_TONE_CALM] = RGB(134, 142, 155),
                 [LP_TONE_BUSY] = RGB(66, 99, 235),
                 [LP_TONE_GOOD] = RGB(43, 138, 62),
                 [LP_TONE_WARN] = RGB(176, 94, 0),
                 [LP_TONE_BAD] = RGB(201, 42, 42)},
    };
    *to = colours;
}

static void be_dark(lp_theme *to)
{
    const lp_theme colours = {
        .is_dark = true,
        .surface = {RGB(23, 25, 30), RGB(33, 36, 43), RGB(52, 41, 17), RGB(58, 30, 33),
                    RGB(25, 27, 33)},
        .edge = {RGB(50, 54, 63), RGB(50, 54, 63), RGB(92, 73, 30), RGB(102, 50, 54),
                 RGB(84, 90, 102)},
        .text = RGB(233, 235, 239),
        .dim = RGB(163, 170, 182),
        .accent = RGB(76, 110, 245),
        .accent_hot = RGB(95, 126, 250),
        .accent_down = RGB(62, 92, 214),
        .on_accent = RGB(255, 255, 255),
        .button = RGB(44, 48, 57),
        .button_hot = RGB(56, 61, 72),
        .button_down = RGB(36, 39, 47),
        .tone = {[LP_TONE_CALM] = RGB(134, 142, 155),
                 [LP_TONE_BUSY] = RGB(116, 143, 252),
                 [LP_TONE_GOOD] = RGB(81, 207, 102),
                 [LP_TONE_WARN] = RGB(255, 184, 77),
                 [LP_TONE_BAD] = RGB(255, 135, 135)},
    };
    *to = colours;
}
/* clang-format on */

/* The user's own few colours, and no others. */
static void be_contrast(lp_theme *to)
{
    COLORREF window = GetSysColor(COLOR_WINDOW), text = GetSysColor(COLOR_WINDOWTEXT);
    *to = (lp_theme){.is_contrast = true, .text = text, .dim = text};
    for (int i = 0; i < LP_ON_COUNT; i++) {
        to->surface[i] = window;
        to->edge[i] = text;
    }
    for (int i = 0; i <= LP_TONE_BAD; i++)
        to->tone[i] = text;
    to->accent = to->accent_hot = to->accent_down = GetSysColor(COLOR_HIGHLIGHT);
    to->on_accent = GetSysColor(COLOR_HIGHLIGHTTEXT);
    to->button = to->button_hot = to->button_down = window;
}

/* --- fonts ------------------------------------------------------------------------ */

static HFONT font_of(LOGFONTW font, int percent, LONG weight)
{
    font.lfHeight = MulDiv(font.lfHeight, percent, 100);
    font.lfWeight = weight;
    return CreateFontIndirectW(&font);
}

static void load_fonts(lp_theme *theme)
{
    NONCLIENTMETRICSW metrics = {.cbSize = sizeof metrics};
    if (!SystemParametersInfoForDpi(SPI_GETNONCLIENTMETRICS, sizeof metrics, &metrics,
                                    0, theme->dpi))
        metrics.lfMessageFont.lfHeight = -MulDiv(9, (int)theme->dpi, 72);
    LOGFONTW font = metrics.lfMessageFont;
    theme->font[LP_FONT_BODY] = font_of(font, 100, FW_NORMAL);
    theme->font[LP_FONT_STRONG] = font_of(font, 100, FW_SEMIBOLD);
    theme->font[LP_FONT_TITLE] = font_of(font, 155, FW_SEMIBOLD);
    theme->font[LP_FONT_NUMBER] = font_of(font, 185, FW_NORMAL);
}

/* --- the theme -------------------------------------------------------------------- */

void lp_theme_load(lp_theme *theme, unsigned dpi)
{
    lp_theme_fini(theme);
    if (wants_contrast())
        be_contrast(theme);
    else if (wants_dark())
        be_dark(theme);
    else
        be_light(theme);
    theme->dpi = dpi;
    for (int i = 0; i < LP_ON_COUNT; i++)
        theme->brush[i] = CreateSolidBrush(theme->surface[i]);
    load_fonts(theme);
}

void lp_theme_fini(lp_theme *theme)
{
    for (int i = 0; i < LP_ON_COUNT; i++)
        DeleteObject(theme->brush[i]);
    for (int i = 0; i < LP_FONT_COUNT; i++)
        DeleteObject(theme->font[i]);
    *theme = (lp_theme){0};
}

void lp_theme_frame(const lp_theme *theme, HWND window)
{
    BOOL dark = theme->is_dark;
    if (FAILED(DwmSetWindowAttribute(window, DARK_FRAME, &dark, sizeof dark)))
        DwmSetWindowAttribute(window, DARK_FRAME_BEFORE, &dark, sizeof dark);
}
