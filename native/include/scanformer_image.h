/*
 * What every backend has to know of an image's format: what is wrong with an sf_image, and how 4:2:0 becomes RGB.
 * Static, as files compiled for newer instruction sets include it too.
 */
#ifndef SCANFORMER_IMAGE_H
#define SCANFORMER_IMAGE_H

#include <string>

#include "scanformer.h"

static inline bool is_yuv420(int format) { return format == SF_NV12 || format == SF_I420; }

/* Bytes of a pixel in plane 0. */
static inline int pixel_bytes(int format) {
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
static inline YuvMatrix yuv_matrix(int color) {
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

/* "" or what is wrong with the image. */
static inline std::string image_fault(const sf_image& image) {
    if (image.format < SF_RGB || image.format > SF_I420) return "format " + std::to_string(image.format);
    const int planes = image.format == SF_I420 ? 3 : image.format == SF_NV12 ? 2 : 1;
    if (planes > 1 && (image.color < SF_BT601_LIMITED || image.color > SF_BT709_FULL)) {
        return "color " + std::to_string(image.color);
    }
    for (int p = 0; p < planes; p++) {
        const int64_t pairs = (static_cast<int64_t>(image.width) + 1) / 2;
        const int64_t row = p == 0        ? static_cast<int64_t>(image.width) * pixel_bytes(image.format)
                            : planes == 2 ? 2 * pairs
                                          : pairs;
        if (image.planes[p] == 0) return "plane " + std::to_string(p) + " is NULL";
        if (image.width < 1 || image.height < 1 || image.strides[p] < row) {
            return "image of " + std::to_string(image.width) + " x " + std::to_string(image.height) +
                   " pixels, plane " + std::to_string(p) + " of " + std::to_string(row) +
                   " bytes a row with row stride " + std::to_string(image.strides[p]);
        }
    }
    return "";
}

#endif
