/* What every backend has to know of an image's format: its planes, and how YUV becomes RGB. */
#ifndef SCANFORMER_IMAGE_H
#define SCANFORMER_IMAGE_H

#include "host_device.h"
#include "scanformer.h"

/* The last of the pixel formats. */
constexpr int kLastFormat = SF_P010;

SF_SHARED bool is_yuv(int format) { return format >= SF_NV12; }

SF_SHARED bool is_yuv422(int format) { return format == SF_YUYV || format == SF_UYVY; }

/* Bytes of a pixel in plane 0. */
SF_SHARED int pixel_bytes(int format) {
    if (format == SF_RGBA || format == SF_BGRA) return 4;
    if (format == SF_RGB || format == SF_BGR) return 3;
    return is_yuv422(format) || format == SF_P010 ? 2 : 1;
}

/* Where the samples of a YUV format are, in bytes. */
struct YuvLayout {
    int luma; /* of a row's first pixel */
    int cb_plane;
    int cb; /* of a row's first sample */
    int cr_plane;
    int cr;
    int chroma_step; /* from a sample to the next, two pixels on */
    int chroma_rows; /* rows of pixels that a row of chroma is for */
};

SF_SHARED YuvLayout yuv_layout(int format) {
    switch (format) {
        case SF_NV21:
            return {0, 1, 1, 1, 0, 2, 2};
        case SF_I420:
            return {0, 1, 0, 2, 0, 1, 2};
        case SF_YUYV:
            return {0, 0, 1, 0, 3, 4, 1};
        case SF_UYVY:
            return {1, 0, 0, 0, 2, 4, 1};
        case SF_P010:
            return {0, 1, 0, 1, 2, 4, 2};
        default:
            return {0, 1, 0, 1, 1, 2, 2}; /* SF_NV12 */
    }
}

/* A sample of 10 bits, in the upper bits of two bytes of which the lower comes first. */
SF_SHARED float sample10(const uint8_t* bytes) { return static_cast<float>((bytes[0] | bytes[1] << 8) >> 6); }

/*
 * R = luma + red_cr * Cr, G = luma + green_cb * Cb + green_cr * Cr, B = luma + blue_cb * Cb, with
 * luma = luma_scale * (Y - luma_offset), and Cb and Cr with chroma_offset taken off. Samples are as stored, R, G and B
 * of 0 to 255.
 */
struct YuvMatrix {
    float luma_offset;
    float luma_scale;
    float red_cr;
    float green_cb;
    float green_cr;
    float blue_cb;
    float chroma_offset;
};

/*
 * By Kr and Kb of ITU-R BT.601-7 and BT.709-6. With 8 bits the limited range has 219 steps of luma and 224 of chroma
 * and the full range 255 of both; with 10 bits they are 4 times as many, and 1023.
 */
SF_SHARED YuvMatrix yuv_matrix(int format, int color) {
    const bool limited = color == SF_BT601_LIMITED || color == SF_BT709_LIMITED;
    const bool bt601 = color == SF_BT601_LIMITED || color == SF_BT601_FULL;
    const double red = bt601 ? 0.299 : 0.2126;
    const double blue = bt601 ? 0.114 : 0.0722;
    const double green = 1 - red - blue;
    const double step = format != SF_P010 ? 1 : limited ? 0.25 : 255.0 / 1023;
    const double chroma = (limited ? 255.0 / 224 : 1) * step;
    YuvMatrix m = {};
    m.luma_offset = !limited ? 0.0f : format == SF_P010 ? 64.0f : 16.0f;
    m.luma_scale = static_cast<float>((limited ? 255.0 / 219 : 1) * step);
    m.red_cr = static_cast<float>(2 * (1 - red) * chroma);
    m.blue_cb = static_cast<float>(2 * (1 - blue) * chroma);
    m.green_cr = static_cast<float>(-2 * (1 - red) * red / green * chroma);
    m.green_cb = static_cast<float>(-2 * (1 - blue) * blue / green * chroma);
    m.chroma_offset = format == SF_P010 ? 512.0f : 128.0f;
    return m;
}

/* Planes of a format. */
SF_SHARED int planes_of(int format) {
    if (format == SF_I420) return 3;
    return is_yuv(format) && !is_yuv422(format) ? 2 : 1;
}

/* Bytes that a row of a plane takes, of an image of that width. */
SF_SHARED int64_t row_bytes(int format, int plane, int width) {
    const int64_t pairs = (static_cast<int64_t>(width) + 1) / 2;
    if (is_yuv422(format)) return 4 * pairs;
    if (plane == 0) return static_cast<int64_t>(width) * pixel_bytes(format);
    return pairs * yuv_layout(format).chroma_step;
}

#endif
