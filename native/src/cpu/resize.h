/*
 * What build_pyramid prepares before it resizes an image: the filter's windows and weights, and its threads' memory.
 *
 * A wide image is resized in bands of source columns, and an output row's weights are made a few at a time, so that the
 * memory grows with the output and not with the image.
 */
#ifndef SCANFORMER_CPU_RESIZE_H
#define SCANFORMER_CPU_RESIZE_H

#include <stddef.h>

#include "../shared/image.h"
#include "cpu_stream.h"

/* The most source columns of a band: even, so that a band begins with a whole chroma sample. */
enum { kBandColumns = 16384 };

/* The windows of one axis: output i sums source[first[i]] to source[first[i] + count[i] - 1]. */
struct ResizeAxis {
    int in;
    int out;
    const int32_t* first;
    const int32_t* count;
    const double* totals; /* sums of the windows' weights before they are divided by them */
};

/* The source columns [begin, end), and the weights of the outputs [first_output, end_output) that sum some of them. */
struct ResizeBand {
    int begin;
    int end;
    int first_output;
    int end_output;
    const int64_t* offsets; /* where an output's weights begin, [end_output - first_output + 1] */
    const float* weights;
};

/* One image to resize to its normalised finest canvas. */
struct ResizeTask {
    const sf_image* image;
    YuvMatrix yuv; /* for YUV formats */
    YuvLayout layout;
    ResizeAxis horizontal;
    ResizeAxis vertical;
    ResizeBand band; /* the first one, until resize_next_band */
    float scale[3];  /* canvas = value * scale + shift, per channel */
    float shift[3];
    float* canvas;  /* [3, out height, out width] */
    float* scratch; /* [threads, resize_scratch(width)] */
};

/* Floats of a channel of a band's source row. */
static inline size_t resize_row_floats(int width) {
    return static_cast<size_t>(width < kBandColumns ? width : kBandColumns) + 16;
}

/* Floats of scratch that a thread needs: a row of pixels of up to 4 channels, and 2 times 3 planes of a YUV row. */
static inline size_t resize_scratch(int width) { return (4 + 6) * resize_row_floats(width); }

/*
 * Fills in a task with its first band; its tables and scratch are the stream's, until the next call. SF_OUT_OF_MEMORY
 * leaves a message. mean and std [3] are of values 0 to 1.
 */
int prepare_resize(CpuStream* stream, const sf_image* image, int out_width, int out_height, const float* mean,
                   const float* std, float* canvas, ResizeTask* task);

/* Puts the band after the task's into it; false after the last one. It needs no memory that a band has not had. */
bool resize_next_band(CpuStream* stream, ResizeTask* task);

/* weights [n] = those of output row y for the source rows from its window's k-th on. Thread-safe. */
void resize_row_weights(const ResizeTask& task, int y, int k, int n, float* weights);

/* For the stream's creation and end. NULL when out of memory. */
ResizeMemory* resize_memory_create();
void resize_memory_destroy(ResizeMemory* memory);

#endif
