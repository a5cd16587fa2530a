/* Checks of a call's arguments on the host: the front's, and of the functions that only one backend has. */
#ifndef SCANFORMER_ARGUMENTS_H
#define SCANFORMER_ARGUMENTS_H

#include <stddef.h>
#include <string.h>

#include <initializer_list>

#include "status.h"

static inline bool any_null(std::initializer_list<const void*> pointers) {
    for (const void* p : pointers) {
        if (p == nullptr) return true;
    }
    return false;
}

static inline bool aligned(const void* p, size_t bytes = 64) { return reinterpret_cast<uintptr_t>(p) % bytes == 0; }

static inline int fail_null(sf_stream* stream, const char* operation) {
    return fail(stream, SF_INVALID_ARGUMENT, "%s: a required argument is NULL", operation);
}

/* SF_OK for arrays that may be NULL and are aligned to their elements. */
template <typename... T>
int check_alignment(sf_stream* stream, const char* operation, const T*... arrays) {
    if ((... && aligned(arrays, alignof(T)))) return SF_OK;
    return fail(stream, SF_INVALID_ARGUMENT, "%s: an array is not aligned to its elements", operation);
}

/* SF_OK for arrays that are not NULL and are aligned to their elements. */
template <typename... T>
int check_arrays(sf_stream* stream, const char* operation, const T*... arrays) {
    if (any_null({arrays...})) return fail_null(stream, operation);
    return check_alignment(stream, operation, arrays...);
}

/* The same for an array, which may be NULL, of an element type or of a compute type's. */
static inline int check_alignment_of(sf_stream* stream, const char* operation, int type, const void* array) {
    return type == SF_F32 || type == SF_TF32 ? check_alignment(stream, operation, static_cast<const float*>(array))
                                             : check_alignment(stream, operation, static_cast<const uint16_t*>(array));
}

/* SF_OK for an element type that the stream's device has. */
static inline int check_type(sf_stream* stream, const char* operation, int type) {
    if (type < SF_F32 || type > SF_BF16) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: element type %d, expected 0 to 2", operation, type);
    }
    if ((stream->types >> type & 1) == 0) {
        return fail(stream, SF_UNSUPPORTED, "%s: the %s device does not have element type %d", operation,
                    stream->backend->name, type);
    }
    return SF_OK;
}

/* SF_OK for a stream of that backend, of which there may be several tables: a function that only one backend has. */
static inline int check_backend(sf_stream* stream, const char* operation, const sf_backend* expected) {
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (strcmp(stream->backend->name, expected->name) == 0) return SF_OK;
    return fail(stream, SF_INVALID_ARGUMENT, "%s: the stream is of the %s backend, expected the %s backend", operation,
                stream->backend->name, expected->name);
}

#endif
