#include "os/linux/errors.h"

#include <errno.h>

lp_err lp_err_of_errno(int number)
{
    switch (number) {
    case EACCES:
    case EPERM:
    case EROFS:
        return LP_ERR_DENIED;
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH:
        return LP_ERR_NOT_FOUND;
    case EADDRINUSE:
    case EBUSY:
    case EEXIST:
        return LP_ERR_IN_USE;
    case ENOMEM:
        return LP_ERR_NO_MEMORY;
    case EAFNOSUPPORT:
    case EOPNOTSUPP:
        return LP_ERR_UNSUPPORTED;
    case EAGAIN:
        return LP_ERR_WOULD_BLOCK;
    default:
        return LP_ERR_IO;
    }
}
