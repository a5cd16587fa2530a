/*
 * The layouts of scanformer.h's structs, as callers of other languages lay them out by numbers: asserted here, and told
 * by sf_layout.
 */
#include <stddef.h>

#include "scanformer.h"

#define SF_TEXT(value) #value

/* X(struct, bytes) and Y(struct, field, offset), in order. */
#define SF_STRUCTS(X, Y)                 \
    X(sf_image, 64)                      \
    Y(sf_image, planes, 0)               \
    Y(sf_image, strides, 24)             \
    Y(sf_image, width, 48)               \
    Y(sf_image, height, 52)              \
    Y(sf_image, format, 56)              \
    Y(sf_image, color, 60)               \
    X(sf_grid, 48)                       \
    Y(sf_grid, canvas, 0)                \
    Y(sf_grid, mask, 8)                  \
    Y(sf_grid, rows, 16)                 \
    Y(sf_grid, cols, 20)                 \
    Y(sf_grid, scale, 24)                \
    Y(sf_grid, selected, 28)             \
    Y(sf_grid, patch_row, 32)            \
    Y(sf_grid, token_row, 36)            \
    Y(sf_grid, logit_bound, 40)          \
    Y(sf_grid, max_selected, 44)         \
    X(sf_kv_append, 32)                  \
    Y(sf_kv_append, kv, 0)               \
    Y(sf_kv_append, layer_stride, 8)     \
    Y(sf_kv_append, row, 16)             \
    Y(sf_kv_append, tokens, 20)          \
    Y(sf_kv_append, position, 24)        \
    Y(sf_kv_append, capacity, 28)        \
    X(sf_kv_segment, 24)                 \
    Y(sf_kv_segment, kv, 0)              \
    Y(sf_kv_segment, layer_stride, 8)    \
    Y(sf_kv_segment, tokens, 16)         \
    Y(sf_kv_segment, reserved, 20)       \
    X(sf_query_block, 24)                \
    Y(sf_query_block, q_row, 0)          \
    Y(sf_query_block, out_row, 4)        \
    Y(sf_query_block, rows, 8)           \
    Y(sf_query_block, segment_begin, 12) \
    Y(sf_query_block, segment_end, 16)   \
    Y(sf_query_block, reserved, 20)

#define SF_ASSERT_SIZE(type, bytes) static_assert(sizeof(type) == bytes, "the size of " #type);
#define SF_ASSERT_OFFSET(type, field, offset) \
    static_assert(offsetof(type, field) == offset, "the offset of " #type "." #field);
SF_STRUCTS(SF_ASSERT_SIZE, SF_ASSERT_OFFSET)

#define SF_CONSTANTS(X)          \
    X(SF_OK, 0)                  \
    X(SF_INVALID_ARGUMENT, 1)    \
    X(SF_OUT_OF_MEMORY, 2)       \
    X(SF_UNSUPPORTED, 3)         \
    X(SF_DEVICE_ERROR, 4)        \
    X(SF_DEVICE_LOST, 5)         \
    X(SF_F32, 0)                 \
    X(SF_F16, 1)                 \
    X(SF_BF16, 2)                \
    X(SF_TF32, 3)                \
    X(SF_MAX_HIDDEN, 4096)       \
    X(SF_MAX_HEADS, 4096)        \
    X(SF_MAX_HEAD_SIZE, 128)     \
    X(SF_MAX_PATCH, 1024)        \
    X(SF_MAX_SCALES, 30)         \
    X(SF_MAX_CANVAS_SIDE, 65535) \
    X(SF_MAX_THREADS, 1024)      \
    X(SF_IDENTITY, 0)            \
    X(SF_RELU, 1)                \
    X(SF_GELU, 2)                \
    X(SF_SIGMOID, 3)             \
    X(SF_RGB, 0)                 \
    X(SF_BGR, 1)                 \
    X(SF_RGBA, 2)                \
    X(SF_BGRA, 3)                \
    X(SF_GRAY, 4)                \
    X(SF_NV12, 5)                \
    X(SF_I420, 6)                \
    X(SF_NV21, 7)                \
    X(SF_YUYV, 8)                \
    X(SF_UYVY, 9)                \
    X(SF_P010, 10)               \
    X(SF_BT601_LIMITED, 0)       \
    X(SF_BT601_FULL, 1)          \
    X(SF_BT709_LIMITED, 2)       \
    X(SF_BT709_FULL, 3)          \
    X(SF_GIVEN, -1)

#define SF_ASSERT_CONSTANT(name, value) static_assert(name == (value), "the value of " #name);
SF_CONSTANTS(SF_ASSERT_CONSTANT)

const char* sf_layout(void) {
#define SF_SIZE_LINE(type, bytes) #type " " SF_TEXT(bytes) "\n"
#define SF_OFFSET_LINE(type, field, offset) #type "." #field " " SF_TEXT(offset) "\n"
#define SF_CONSTANT_LINE(name, value) #name " " SF_TEXT(value) "\n"
    return SF_STRUCTS(SF_SIZE_LINE, SF_OFFSET_LINE) SF_CONSTANTS(SF_CONSTANT_LINE);
}
