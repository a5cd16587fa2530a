/*
 * What a backend fills in: its functions, called by the front (src/api) with arguments that are checked. C++17.
 *
 * A backend is a constant table of functions, which may lie in another library than the front; nothing but this
 * header's structs crosses between them. Its functions take the arguments of the sf_ functions that they are named
 * after, of which is known:
 *
 * - pointers that must not be NULL are not; what must be aligned is; counts, sizes, types and compute types are in the
 *   ranges that scanformer.h gives, and the stream's device has them; there is something to do, or for max_rows or
 *   max_patches of 0 a table to check, whose rows then have no arrays;
 * - the rows of tables too, where tables_on_host is set. Otherwise the device checks them by the same predicates
 *   (src/shared/tables.h), and the next call that waits reports what it found.
 *
 * A function that fails leaves a message in stream->error by `fail` (src/shared/status.h). None throws.
 */
#ifndef SCANFORMER_BACKEND_H
#define SCANFORMER_BACKEND_H

#include "scanformer.h"

/* What every backend's stream begins with: a backend derives its own. */
struct sf_stream {
    const sf_backend* backend;  /* whose functions are called on the stream */
    uint8_t types;              /* bit t: the device has element type t */
    uint8_t attention_types[4]; /* bit t of [c]: attention in compute type c can write element type t; 0: not at all */
    char error[1024];           /* of the last call that failed, zero-terminated; "" if none did */
};

struct sf_backend {
    int64_t bytes;       /* sizeof(sf_backend): tells a table of another version */
    const char* name;    /* "CPU", "CUDA" */
    bool tables_on_host; /* whether the host can read tables; otherwise they are the device's */

    /* sf_probe; report is not NULL and capacity is at least 1. */
    int (*probe)(int device, char* report, int capacity);

    /* sf_stream_create. Fills in the base; what it creates, it frees in stream_destroy. *stream is NULL before. */
    int (*stream_create)(int device, int threads, int isa, sf_stream** stream);
    void (*stream_destroy)(sf_stream* stream);

    int (*synchronize)(sf_stream* stream);
    int (*memory_available)(sf_stream* stream, int64_t* bytes);
    int (*allocate)(sf_stream* stream, int64_t bytes, void** memory);
    int (*free)(sf_stream* stream, void* memory, int64_t bytes);
    int (*upload)(sf_stream* stream, void* to, const void* host, int64_t bytes);     /* sf_upload, the offset added */
    int (*download)(sf_stream* stream, const void* from, void* host, int64_t bytes); /* sf_download, the offset added */

    /* The operations, each under its name and with the arguments of its sf_ function. */
#define SF_FIELD(operation) decltype(&sf_##operation) operation;
    SF_OPERATIONS(SF_FIELD)
#undef SF_FIELD
};

/* Declares the functions of a backend's device, in the backend's namespace. */
#define SF_DECLARE_DEVICE_FUNCTIONS                                           \
    int probe(int device, char* report, int capacity);                        \
    int stream_create(int device, int threads, int isa, sf_stream** stream);  \
    void stream_destroy(sf_stream* stream);                                   \
    int synchronize(sf_stream* stream);                                       \
    int memory_available(sf_stream* stream, int64_t* bytes);                  \
    int allocate(sf_stream* stream, int64_t bytes, void** memory);            \
    int free(sf_stream* stream, void* memory, int64_t bytes);                 \
    int upload(sf_stream* stream, void* to, const void* host, int64_t bytes); \
    int download(sf_stream* stream, const void* from, void* host, int64_t bytes);

#endif
