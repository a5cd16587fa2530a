/*
 * The CPU operations behind the C API's checks, compiled once an instruction set. Arguments are those of scanformer.h,
 * valid; scratch memory comes from the caller.
 */
#ifndef SCANFORMER_CPU_KERNELS_H
#define SCANFORMER_CPU_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "scanformer.h"
#include "scanformer_image.h"
#include "team.h"

/* Resampling weights of one axis: output i sums taps[i * max_taps + t] * source[first[i] + t] for t < count[i]. */
struct ResizeAxis {
    int max_taps;
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

/* Tokens in a block of the KV cache: a vector of AVX-512, a whole number of narrower ones. */
enum { KV_BLOCK = 16 };

static inline int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

/*
 * A block of one head: K transposed, [head_size][KV_BLOCK], so that a query's products with 16 keys are vectors; V as
 * [KV_BLOCK][head_size rounded up to 16]. A layer's block of 16 tokens is that for each head, then 16 ln-counts.
 */
static inline size_t kv_head_floats(int head_size) {
    return static_cast<size_t>(KV_BLOCK) * static_cast<size_t>(head_size + round_up(head_size, 16));
}

static inline size_t kv_block_floats(int heads, int head_size) {
    return static_cast<size_t>(heads) * kv_head_floats(head_size) + KV_BLOCK;
}

/* A product of fewer multiply-adds is done by one thread: sharing it costs about as much. */
enum { PARALLEL_MULTIPLY_ADDS = 1 << 19 };

/* Outputs of a panel of weights. */
enum { PANEL = 64 };

/* y = activation(x weight^T + bias), multiplied in fp32. */
struct PanelProduct {
    int rows;
    int in;
    int out;
    const float* x;      /* [rows, in] */
    const float* panels; /* [ceil(out / PANEL)][in][PANEL], zero behind the last output */
    const float* bias;   /* [out], or NULL */
    int activation;
    int y_type;
    void* y; /* [rows, out] of y_type */
};

/* The operations for one instruction set, each by a team of threads. */
struct Kernels {
    void (*resize)(const ResizeTask& task, Team* team);
    void (*halve)(const float* fine, int rows, int cols, float* coarse, Team* team);
    void (*gather)(const sf_grid* grids, int num_grids, int patch, const float* canvas, const int32_t* indices,
                   int type, void* rows, Team* team);
    void (*embed_text)(int tokens, int hidden, const int32_t* ids, const int32_t* positions, const int32_t* token_rows,
                       const float* word, const float* position, const float* type0, const float* weight,
                       const float* bias, float eps, const float* modality0, float* x, Team* team);
    void (*embed_patches)(const sf_grid* grids, int num_grids, int hidden, const float* patches, const int32_t* indices,
                          const float* cls, const float* position, int position_grid, const float* modality1,
                          const float* scales, const float* constant, float* x, Team* team);
    void (*residual_layer_norm)(int rows, int columns, const float* x, const int32_t* row_index, const float* y,
                                float* x_out, const float* weight, const float* bias, float eps, int type, void* out,
                                Team* team);
    void (*append_kv)(const sf_kv_append* appends, int num_appends, int heads, int head_size, int layer,
                      const float* qkv, const float* bias, const int32_t* counts, float* q, Team* team);
    void (*attention)(const sf_query_block* blocks, int num_blocks, const sf_kv_segment* segments, int heads,
                      int head_size, int layer, const float* q, int type, void* out, Team* team);
    void (*product)(const PanelProduct& task, Team* team); /* NULL where oneDNN is to multiply */
};

extern const Kernels kernels_x86_64;
extern const Kernels kernels_x86_64_v3;
extern const Kernels kernels_x86_64_v4;

#endif
