#include "gui/windows/settings.h"

#include <windows.h>

#include <shlobj.h>
#include <stdlib.h>

#include "gui/text.h"
#include "os/files.h"
#include "os/windows/text.h"

enum { PATH_LEN = 600 };

static bool folder(char out[PATH_LEN])
{
    wchar_t *wide = NULL;
    char roaming[PATH_LEN - 32];
    bool found =
        SHGetKnownFolderPath(&FOLDERID_RoamingAppData, 0, NULL, &wide) == S_OK &&
        lp_text_of_wide(wide, roaming, sizeof roaming);
    CoTaskMemFree(wide);
    if (found)
        lp_put_text(out, PATH_LEN, "%s\\softlan", roaming);
    return found;
}

void lp_settings_load(lp_recent *out_recent)
{
    char path[PATH_LEN];
    lp_file_content content;
    lp_why why;
    *out_recent = (lp_recent){0};
    if (!folder(path))
        return;
    lp_add_text(path, sizeof path, "\\window.json");
    if (lp_file_read(path, LP_RECENT_FILE_MAX, &content, &why) != LP_OK)
        return;
    if (lp_recent_read(lp_bytes_of(content.at, content.len), out_recent, &why) != LP_OK)
        *out_recent = (lp_recent){0};
    lp_file_content_fini(&content);
}

bool lp_settings_save(const lp_recent *recent)
{
    char path[PATH_LEN];
    lp_why why;
    char *text = lp_recent_write(recent);
    bool saved = text && folder(path) && lp_dir_make(path, 0700, &why) == LP_OK;
    if (saved) {
        lp_add_text(path, sizeof path, "\\window.json");
        saved = lp_file_write(path, lp_bytes_of(text, strlen(text)), 0600, false,
                              &why) == LP_OK;
    }
    free(text);
    return saved;
}
