/* What build_pyramid prepares before it resizes an image: the filter's weights and its threads' memory. */
#ifndef SCANFORMER_CPU_RESIZE_H
#define SCANFORMER_CPU_RESIZE_H

#include <stddef.h>

#include "../shared/image.h"
#include "cpu_stream.h"

/* Weights of one axis: output i sums taps[i * max_taps + t] * source[first[i] + t] for t < count[i]. */
struct ResizeAxis {
    int64_t max_taps;
    const int32_t* first;
    const int32_t* count;
    const float* taps;
};

/* One image to resize to its normalised finest canvas. */
struct ResizeTask {
    const sf_image* image;
    YuvMatrix yuv; /* for 4:2:0 formats */
    int out_width;
    int out_height;
    ResizeAxis horizontal;
    ResizeAxis vertical;
    float scale[3]; /* canvas = value * scale + shift, per channel */
    float shift[3];
    float* canvas;  /* [3, out_height, out_width] */
    float* scratch; /* [threads, resize_scratch(width)] */
};

/* Floats of a channel of a source row. */
static inline size_t resize_row_floats(int width) { return static_cast<size_t>(width) + 16; }

/* Floats of scratch that a thread needs: a row of pixels of up to 4 channels, and 2 times 3 planes of a 4:2:0 row. */
static inline size_t resize_scratch(int width) { return (4 + 6) * resize_row_floats(width); }

/*
 * Fills in a task; its tables and scratch are the stream's, until the next call. SF_OUT_OF_MEMORY leaves a message.
 * mean and std [3] are of values 0 to 1.
 */
int prepare_resize(CpuStream* stream, const sf_image* image, int out_width, int out_height, const float* mean,
                   const float* std, float* canvas, ResizeTask* task);

/* For the stream's creation and end. NULL when out of memory. */
ResizeMemory* resize_memory_create();
void resize_memory_destroy(ResizeMemory* memory);

#endif
