/* The checks of what a pyramid is made of. */
#ifndef SCANFORMER_PYRAMID_ARGUMENTS_H
#define SCANFORMER_PYRAMID_ARGUMENTS_H

#include "arguments.h"
#include "image.h"

/* SF_OK for an image whose planes and strides fit its format and size. */
inline int check_image(sf_stream* stream, const char* operation, const sf_image& image) {
    if (image.format < SF_RGB || image.format > kLastFormat) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: format %d, expected 0 to %d", operation, image.format,
                    kLastFormat);
    }
    if (is_yuv(image.format) && (image.color < SF_BT601_LIMITED || image.color > SF_BT709_FULL)) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: color %d, expected 0 to 3", operation, image.color);
    }
    if (image.width < 1 || image.height < 1) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: image of %d x %d pixels, expected at least 1 x 1", operation,
                    image.width, image.height);
    }
    for (int p = 0; p < planes_of(image.format); p++) {
        const int64_t row = row_bytes(image.format, p, image.width);
        if (image.planes[p] == 0) {
            return fail(stream, SF_INVALID_ARGUMENT, "%s: plane %d is NULL", operation, p);
        }
        if (image.strides[p] < row) {
            return fail(stream, SF_INVALID_ARGUMENT,
                        "%s: image of %d x %d pixels, plane %d has a row stride of %lld bytes, expected at least %lld",
                        operation, image.width, image.height, p, static_cast<long long>(image.strides[p]),
                        static_cast<long long>(row));
        }
    }
    return SF_OK;
}

/* SF_OK for scales and a finest canvas within the limits. */
inline int check_canvas(sf_stream* stream, const char* operation, int patch, int scales, int rows0, int cols0) {
    const int64_t longest = static_cast<int64_t>(rows0 > cols0 ? rows0 : cols0) * patch;
    if (patch >= 1 && patch <= SF_MAX_PATCH && scales >= 1 && scales <= SF_MAX_SCALES && rows0 >= 1 && cols0 >= 1 &&
        longest <= SF_MAX_CANVAS_SIDE >> (scales - 1)) {
        return SF_OK;
    }
    return fail(stream, SF_INVALID_ARGUMENT,
                "%s: expected 1 to %d scales, patches of 1 to %d pixels and a finest canvas of 1 to %d pixels a side, "
                "found %d scales from %d x %d patches of %d pixels",
                operation, SF_MAX_SCALES, SF_MAX_PATCH, SF_MAX_CANVAS_SIDE, scales, rows0, cols0, patch);
}

#endif
