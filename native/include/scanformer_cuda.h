/*
 * What the CUDA backend has beside the operations of scanformer.h: its table, what its caller needs to run cuBLAS
 * between them, and graphs. The conventions are those of scanformer.h. Arrays are device memory; "host" memory is
 * pinned where that is said. The streams are the CUDA backend's; another's is SF_INVALID_ARGUMENT.
 */
#ifndef SCANFORMER_CUDA_H
#define SCANFORMER_CUDA_H

#include <stdint.h>

#include "scanformer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The CUDA backend, for sf_probe and sf_stream_create. */
const sf_backend* sf_cuda_backend(void);

/* A recorded sequence of operations. Opaque; belongs to the stream that recorded it. */
typedef struct sf_graph sf_graph;

/* The cudaStream_t that operations are enqueued on, for cuBLAS. */
void* sf_cuda_queue(sf_stream* stream);

/* 10 * major + minor of the stream's device. */
int sf_compute_capability(const sf_stream* stream);

/* Pinned host memory, zeroed. bytes > 0. *memory is NULL on failure. Freed by sf_free_host, NULL allowed. */
int sf_allocate_host(sf_stream* stream, int64_t bytes, void** memory);
int sf_free_host(sf_stream* stream, void* memory);

/*
 * Copies between pinned host memory and device memory, enqueued: the host's bytes must stay as they are (or unread)
 * until sf_synchronize.
 */
int sf_copy_to_device(sf_stream* stream, void* memory, const void* host, int64_t bytes);
int sf_copy_to_host(sf_stream* stream, void* host, const void* memory, int64_t bytes);

/* Makes bytes of device memory zeros, enqueued. */
int sf_clear(sf_stream* stream, void* memory, int64_t bytes);

/*
 * Milliseconds that the work enqueued between the two calls took on the device; sf_timer_end waits for it. One timer a
 * stream, not while it is recorded.
 */
int sf_timer_begin(sf_stream* stream);
int sf_timer_end(sf_stream* stream, float* milliseconds);

/*
 * SF_OK when kernels of the stream's device can read all of the bytes from the address on, which may lie in several
 * allocations without a hole between them, otherwise SF_INVALID_ARGUMENT. bytes > 0.
 */
int sf_check_device_memory(sf_stream* stream, uint64_t address, int64_t bytes);

/* to[i] = from[i], fp32 to `type`. */
int sf_convert(sf_stream* stream, int64_t n, const float* from, int type, void* to);

/* y = activation(y + bias) in place; y [rows, columns] of `type`, bias [columns] fp32 or NULL. */
int sf_bias_activation(sf_stream* stream, int rows, int columns, const float* bias, int activation, int type, void* y);

/*
 * y = x weight^T, x [rows, in] and weight [out, in] of `type`, y [rows, out] of y_type, sums in fp32. The plain
 * matrix product that cuBLAS is checked against, and that takes its place where kernels are emulated; not fast.
 */
int sf_plain_matmul(sf_stream* stream, int rows, int out, int in, int type, const void* x, const void* weight,
                    int y_type, void* y);

/*
 * y = activation(x weight^T + bias) in fp32 without tensor cores, for very few rows: x [rows, in], weight [out, in],
 * bias [out] or NULL, y [rows, out]. in is a multiple of 4; x and weight are aligned to 16 bytes. weight is read before
 * the kernels enqueued earlier are done: what wrote it has been waited for.
 */
int sf_few_rows_linear(sf_stream* stream, int rows, int out, int in, const float* x, const float* weight,
                       const float* bias, int activation, float* y);

/*
 * Bytes of the workspace of the two functions below, which must be zeros before its first use and is not to be written
 * between; products of one stream may share it.
 */
int64_t sf_tensor_matmul_workspace(void);

/*
 * y = activation(x weight^T + bias) + added on the tensor cores, for few rows: x [rows, in] and weight [out, in] of the
 * element type of compute_type (SF_F16, SF_BF16, SF_TF32), bias [out] and added [rows, out] fp32 or NULL, y [rows, out]
 * of `type`; added may be y. Sums, bias, activation and addition are fp32, and y is rounded once. x and weight are
 * aligned to 16 bytes, and so are their rows. weight is read before the kernels enqueued earlier are done: what wrote
 * it has been waited for. For SF_TF32 elements are rounded to TensorFloat-32 as they are read. in is 2^22 at most.
 *
 * How the work is divided decides its speed and the order of sums, and so the last bits of y: tiles of tile_rows rows
 * (32 or 64; always 32 below compute capability 8.0), and the inner dimension in up to `splits` parts of 512 bytes of a
 * row or more, whose sums are added up in their order. Results of one division do not differ from run to run. More than
 * one part needs the workspace, which holds 1,024 tiles and 8 MiB of their sums.
 */
int sf_tensor_matmul(sf_stream* stream, int rows, int out, int in, int compute_type, const void* x, const void* weight,
                     const float* bias, int activation, const float* added, int type, void* y, int tile_rows,
                     int splits, void* workspace);

/*
 * The same product with weight [3 * heads * head_size, in], whose results go where sf_append_kv puts those of its qkv,
 * with its rules for appends, bias, counts and q; nothing is rounded between. head_size is 32, 64 or 128.
 */
int sf_tensor_matmul_qkv(sf_stream* stream, int rows, int in, int compute_type, const void* x, const void* weight,
                         const sf_kv_append* appends, int num_appends, int heads, int head_size, int layer,
                         const float* bias, const int32_t* counts, void* q, int tile_rows, int splits, void* workspace);

/*
 * sf_build_pyramid of several images of one format, color and size, for which the coarsest grid is the same:
 * canvases[i] takes the levels of images[i]. Up to 32 images take the launches of one. `images` and `canvases` and what
 * images[i] points to are host memory, read in the call; canvases do not overlap. num_images > 0.
 */
int sf_build_pyramids(sf_stream* stream, const sf_image* const* images, int num_images, int patch, int scales,
                      int rows0, int cols0, const float* mean, const float* std, float* const* canvases);

/*
 * A segment of the cache whose tokens are rows of a batch, for sf_pack_batch: a scale of a request, whose grid tells
 * how many tokens there are. 24 bytes, no padding.
 */
typedef struct sf_batch_segment {
    uint64_t grid;         /* address of the scale's sf_grid */
    int32_t segment_begin; /* its tokens attend to the segments from here on, */
    int32_t segment;       /* up to this one, which is its own */
    int32_t row;           /* where the tokens of its scale begin: the grid's token_row is added to it */
    int32_t capacity;      /* tokens that there is room for */
} sf_batch_segment;

/* The most launch sizes that sf_pack_batch chooses from. */
enum { SF_MAX_LAUNCH_SIZES = 128 };

/*
 * Packs the segments of a batch one after another, on the device, and chooses the size that work on them is launched
 * with: the first of `sizes`, of which size i is sizes[2 i] rows and sizes[2 i + 1] patches (host memory, read in the
 * call, 1 to SF_MAX_LAUNCH_SIZES of them, by rows and then patches from the least on), that holds all rows and patches.
 * Its number becomes the value of `condition` (see sf_graph_condition; 0 for none).
 *
 * `selected` has how many patches of each segment's grid are selected: the grids get it with their patch_row and
 * token_row, the rows of `segments` their tokens. NULL where they have all this already.
 *
 * With the chosen size's rows and patches, the batch is written to appends [num_batch], blocks [rows / block_rows +
 * num_batch], of up to block_rows (1 to 65,536) queries each and the last ones without any, counts [rows], token_rows
 * [rows] (of each token where it lies; NULL for none) and patch_rows [patches] (the row of each patch's token in the
 * batch; NULL for none). What rounding adds to the last two is 0. The first rows of the last num_regs segments go to
 * reg_rows [num_regs] and, as queries, to reg_blocks [num_regs], both NULL where num_regs is 0.
 *
 * A row of a table that breaks a rule, or a batch that no size holds, is reported by the next call that waits; then
 * nothing is written, and the condition's value is num_sizes. So it is where an operation before found such a fault
 * that no call has reported yet.
 */
int sf_pack_batch(sf_stream* stream, const sf_batch_segment* batch, int num_batch, const int32_t* selected,
                  sf_kv_segment* segments, int num_segments, const int32_t* sizes, int num_sizes, uint64_t condition,
                  sf_kv_append* appends, sf_query_block* blocks, int block_rows, int32_t* counts, int32_t* token_rows,
                  int32_t* patch_rows, sf_query_block* reg_blocks, int32_t* reg_rows, int num_regs);

/*
 * Records the operations enqueued from now on instead of running them, cuBLAS's on the stream's queue among them.
 * Nothing that waits for the stream may be called until sf_graph_end, nor sf_build_pyramid and sf_build_pyramids, which
 * are SF_INVALID_ARGUMENT: the memory that they work in may move.
 */
int sf_graph_begin(sf_stream* stream);

/* Ends the recording. *graph is NULL on failure, and the recording is then forgotten. */
int sf_graph_end(sf_stream* stream, sf_graph** graph);

/* The same for a recording that is not launched by itself but is a body of sf_graph_switch. */
int sf_graph_end_body(sf_stream* stream, sf_graph** body);

/*
 * Whether graphs of the stream's device can choose between bodies: 1 where driver and runtime are CUDA 12.8 or later,
 * otherwise 0, also for a stream of another backend.
 */
int sf_graph_can_switch(sf_stream* stream);

/*
 * Makes a condition of the graph that is being recorded, which one sf_graph_switch of it must use. At each launch its
 * value is num_bodies or more, so that no body runs, until sf_pack_batch chooses one. *condition is 0 on failure.
 */
int sf_graph_condition(sf_stream* stream, uint64_t* condition);

/*
 * Records a choice: when the graph is launched, the body whose number is the condition's value runs here, and none if
 * there is none of that number. The bodies may be destroyed once the graph is ended. num_bodies > 0.
 */
int sf_graph_switch(sf_stream* stream, uint64_t condition, sf_graph* const* bodies, int num_bodies);

/*
 * Enqueues a recorded sequence again: same pointers and host arguments, whatever tables and arrays hold now.
 */
int sf_graph_launch(sf_stream* stream, sf_graph* graph);

/* Frees it; NULL is allowed. Its last launch must be done. */
void sf_graph_destroy(sf_graph* graph);

#ifdef __cplusplus
}
#endif

#endif
