/* What every backend has to know of an image's format: its planes, and how 4:2:0 becomes RGB. */
#ifndef SCANFORMER_IMAGE_H
#define SCANFORMER_IMAGE_H

#include "host_device.h"
#include "scanformer.h"

SF_SHARED bool is_yuv420(int format) { return format == SF_NV12 || format == SF_I420; }

/* Bytes of a pixel in plane 0. */
SF_SHARED int pixel_bytes(int format) {
    if (format == SF_RGBA || format == SF_BGRA) return 4;
    return format == SF_RGB || format == SF_BGR ? 3 : 1;
}

/*
 * R = luma + red_cr * Cr, G = luma + green_cb * Cb + green_cr * Cr, B = luma + blue_cb * Cb, with
 * luma = luma_scale * (Y - luma_offset), and Cb and Cr with 128 taken off.
 */
struct YuvMatrix {
    float luma_offset;
    float luma_scale;
    float red_cr;
    float green_cb;
    float green_cr;
    float blue_cb;
};

/* By Kr and Kb of ITU-R BT.601-7 and BT.709-6; the limited range has 219 steps of luma and 224 of chroma. */
SF_SHARED YuvMatrix yuv_matrix(int color) {
    const bool limited = color == SF_BT601_LIMITED || color == SF_BT709_LIMITED;
    const bool bt601 = color == SF_BT601_LIMITED || color == SF_BT601_FULL;
    const double red = bt601 ? 0.299 : 0.2126;
    const double blue = bt601 ? 0.114 : 0.0722;
    const double green = 1 - red - blue;
    const double chroma = limited ? 255.0 / 224 : 1;
    YuvMatrix m = {};
    m.luma_offset = limited ? 16.0f : 0.0f;
    m.luma_scale = static_cast<float>(limited ? 255.0 / 219 : 1);
    m.red_cr = static_cast<float>(2 * (1 - red) * chroma);
    m.blue_cb = static_cast<float>(2 * (1 - blue) * chroma);
    m.green_cr = static_cast<float>(-2 * (1 - red) * red / green * chroma);
    m.green_cb = static_cast<float>(-2 * (1 - blue) * blue / green * chroma);
    return m;
}

/* Planes of a format. */
SF_SHARED int planes_of(int format) { return format == SF_I420 ? 3 : format == SF_NV12 ? 2 : 1; }

/* Bytes that a row of a plane takes, of an image of that width. */
SF_SHARED int64_t row_bytes(int format, int plane, int width) {
    if (plane == 0) return static_cast<int64_t>(width) * pixel_bytes(format);
    const int64_t samples = (static_cast<int64_t>(width) + 1) / 2;
    return format == SF_NV12 ? 2 * samples : samples;
}

#endif
