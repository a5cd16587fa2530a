/* Where a grid's patches fall between the stored position embeddings: bilinear, corners on corners. */
#ifndef SCANFORMER_POSITIONS_H
#define SCANFORMER_POSITIONS_H

#include <stdint.h>

#include "host_device.h"

/* Stored positions low and high of one axis, and how far from low to high. */
struct AxisPosition {
    int low;
    int high;
    float fraction;
};

/*
 * Output i of n along an axis of `stored` positions; a side of length 1 takes index 0. In integers, so that nothing is
 * rounded before the fraction: i (stored - 1) / (n - 1) is its quotient and the remainder over n - 1.
 */
SF_SHARED AxisPosition axis_position(int i, int n, int stored) {
    if (n == 1) return {0, 0, 0.0f};
    const int64_t scaled = static_cast<int64_t>(i) * (stored - 1);
    const int low = static_cast<int>(scaled / (n - 1));
    const int high = low + 1 < stored ? low + 1 : low;
    return {low, high, static_cast<float>(scaled % (n - 1)) / static_cast<float>(n - 1)};
}

#endif
