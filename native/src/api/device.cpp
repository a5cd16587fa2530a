/* The front of streams and memory. */
#include <stdio.h>

#include "front.h"

namespace {

/* A backend of this library's version. */
bool usable(const sf_backend* backend) {
    return backend != nullptr && backend->bytes == static_cast<int64_t>(sizeof(sf_backend));
}

/* SF_OK for bytes at an offset of device memory and as many of the host's. */
int check_copy(sf_stream* stream, const char* operation, const void* memory, int64_t offset, const void* host,
               int64_t bytes) {
    if (offset < 0 || bytes < 0 || offset > INT64_MAX - bytes || (bytes > 0 && any_null({memory, host}))) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: expected two arrays, an offset and a number of bytes of at least 0 with a sum of 64 bits, "
                    "found offset %lld and %lld bytes%s",
                    operation, static_cast<long long>(offset), static_cast<long long>(bytes),
                    any_null({memory, host}) ? " and NULL" : "");
    }
    return SF_OK;
}

}  // namespace

int sf_probe(const sf_backend* backend, int device, char* report, int capacity) {
    if (report == nullptr || capacity < 1) return SF_INVALID_ARGUMENT;
    report[0] = '\0';
    if (!usable(backend)) {
        (void)snprintf(report, static_cast<size_t>(capacity), "%s",
                       backend == nullptr ? "there is no backend" : "the backend's library is of another version");
        return SF_INVALID_ARGUMENT;
    }
    return backend->probe(device, report, capacity);
}

int sf_stream_create(const sf_backend* backend, int device, int threads, int isa, sf_stream** stream) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    *stream = nullptr;
    if (!usable(backend) || device < 0 || threads < 0 || threads > SF_MAX_THREADS) return SF_INVALID_ARGUMENT;
    if (isa != 0 && isa != 1 && isa != 3 && isa != 4) return SF_INVALID_ARGUMENT;
    return backend->stream_create(device, threads, isa, stream);
}

void sf_stream_destroy(sf_stream* stream) {
    if (stream != nullptr) stream->backend->stream_destroy(stream);
}

const char* sf_error(const sf_stream* stream) { return stream == nullptr ? "" : stream->error; }

int sf_synchronize(sf_stream* stream) {
    return stream == nullptr ? SF_INVALID_ARGUMENT : stream->backend->synchronize(stream);
}

int sf_memory_available(sf_stream* stream, int64_t* bytes) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    const int status = check_arrays(stream, "sf_memory_available", bytes);
    return status != SF_OK ? status : stream->backend->memory_available(stream, bytes);
}

int sf_allocate(sf_stream* stream, int64_t bytes, void** memory) {
    if (memory != nullptr) *memory = nullptr;
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (memory == nullptr) return fail_null(stream, "sf_allocate");
    if (bytes < 1) {
        return fail(stream, SF_INVALID_ARGUMENT, "sf_allocate: %lld bytes, expected at least 1",
                    static_cast<long long>(bytes));
    }
    return stream->backend->allocate(stream, bytes, memory);
}

int sf_free(sf_stream* stream, void* memory, int64_t bytes) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    return memory == nullptr ? static_cast<int>(SF_OK) : stream->backend->free(stream, memory, bytes);
}

int sf_upload(sf_stream* stream, void* memory, int64_t offset, const void* host, int64_t bytes) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    const int status = check_copy(stream, "sf_upload", memory, offset, host, bytes);
    if (status != SF_OK || bytes == 0) return status;
    return stream->backend->upload(stream, static_cast<char*>(memory) + offset, host, bytes);
}

int sf_download(sf_stream* stream, const void* memory, int64_t offset, void* host, int64_t bytes) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    const int status = check_copy(stream, "sf_download", memory, offset, host, bytes);
    if (status != SF_OK || bytes == 0) return status;
    return stream->backend->download(stream, static_cast<const char*>(memory) + offset, host, bytes);
}
