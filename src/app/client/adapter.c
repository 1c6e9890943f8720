#include "app/client/client.h"

#include <stdio.h>

#include "os/tap.h"

int lp_client_adapter_create(void)
{
    lp_tap_choice made;
    lp_why why;
    if (lp_tap_create(&made, &why) != LP_OK) {
        fprintf(stderr, LP_CLIENT_NAME ": %s\n", why.text);
        return 1;
    }
    printf("%s  %s\n", made.id, made.name);
    return 0;
}

int lp_client_adapter_remove(void)
{
    size_t count;
    lp_why why;
    if (lp_tap_remove(&count, &why) != LP_OK) {
        fprintf(stderr, LP_CLIENT_NAME ": %s\n", why.text);
        return 1;
    }
    printf("%zu removed\n", count);
    return 0;
}
