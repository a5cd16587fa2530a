/*
 * The image pyramid's geometry: where its levels lie, and the weights of the separable triangle filter whose support
 * widens with the reduction, as PIL's BILINEAR and PyTorch's antialiased bilinear interpolation have them.
 *
 * Weights are computed in double precision: a coordinate of 4,000 has no digits to spare in fp32.
 */
#ifndef SCANFORMER_RESAMPLE_H
#define SCANFORMER_RESAMPLE_H

#include <math.h>
#include <stdint.h>

#include "host_device.h"

/* Elements of the canvas [3, rows * patch, cols * patch] of scale s, whose coarsest grid is rows0 x cols0. */
SF_SHARED int64_t level_elements(int rows0, int cols0, int patch, int s) {
    return 3 * ((static_cast<int64_t>(rows0) << s) * patch) * ((static_cast<int64_t>(cols0) << s) * patch);
}

/* Where the canvas of scale s begins in a pyramid whose levels follow each other from the coarsest on. */
SF_SHARED int64_t level_offset(int rows0, int cols0, int patch, int s) {
    int64_t offset = 0;
    for (int below = 0; below < s; below++) offset += level_elements(rows0, cols0, patch, below);
    return offset;
}

/* The reduction of `in` pixels to `out`; below 1 for an enlargement. */
SF_SHARED double reduction(int in, int out) { return static_cast<double>(in) / out; }

/* Half the width of the filter, in source pixels. */
SF_SHARED double filter_support(int in, int out) {
    const double scale = reduction(in, out);
    return scale > 1.0 ? scale : 1.0;
}

/* The most source pixels that an output pixel sums. */
SF_SHARED int64_t max_taps(int in, int out) {
    const double support = filter_support(in, out);
    const int64_t whole = static_cast<int64_t>(support);
    return 2 * (static_cast<double>(whole) < support ? whole + 1 : whole) + 1;
}

/* The source pixels [first, end) under output pixel i, and what their weights are made of. */
struct FilterWindow {
    int first;
    int end;
    double center;
    double support;
};

SF_SHARED FilterWindow filter_window(int in, int out, int i) {
    const double support = filter_support(in, out);
    const double center = reduction(in, out) * (i + 0.5);
    /* In 64 bits: past the end of a long axis they can exceed an int. */
    const int64_t low = static_cast<int64_t>(center - support + 0.5);
    const int64_t high = static_cast<int64_t>(center + support + 0.5);
    return {low > 0 ? static_cast<int>(low) : 0, high < in ? static_cast<int>(high) : in, center, support};
}

/* The weight of source pixel j before all are divided by their sum. */
SF_SHARED double triangle(const FilterWindow& window, int j) {
    const double weight = 1.0 - fabs((j - window.center + 0.5) / window.support);
    return weight > 0.0 ? weight : 0.0;
}

/* The sum of a window's weights. */
SF_SHARED double triangle_sum(const FilterWindow& window) {
    double total = 0;
    for (int j = window.first; j < window.end; j++) total += triangle(window, j);
    return total;
}

#endif
