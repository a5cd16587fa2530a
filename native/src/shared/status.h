/* How front and backends report a failure on a stream. */
#ifndef SCANFORMER_STATUS_H
#define SCANFORMER_STATUS_H

#include <stdarg.h>
#include <stdio.h>

#include "scanformer_backend.h"

/* Keeps the message, cut at the stream's room for it, and passes the status on. */
__attribute__((format(printf, 3, 4))) static inline int fail(sf_stream* stream, int status, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(stream->error, sizeof stream->error, format, arguments);
    va_end(arguments);
    return status;
}

#endif
