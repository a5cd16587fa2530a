/*
 * The operations of ScanFormer on one device: what callers call. The functions check their arguments once, for every
 * backend, and then call the backend's own (scanformer_backend.h).
 *
 * Conventions, for every function unless its comment says otherwise:
 *
 * - Arrays are dense and row-major; "[rows, columns]" gives the shape, columns fastest. Offsets and sizes are in
 *   elements of the array's own type unless named bytes. Products of sizes are computed in 64 bits.
 * - Arrays and tables are memory the device can read: from sf_allocate, or for the CPU backend any host memory.
 *   Nothing is kept after the call's work is done, and the caller owns every array. Arrays must be aligned to 64 bytes
 *   where a comment says "aligned", otherwise to their element; one that is not is SF_INVALID_ARGUMENT.
 * - Work is enqueued on the stream and runs in the order of the calls; sf_synchronize waits for it. On the CPU a call
 *   returns when its work is done. One stream must not be used by two threads at a time; different streams may.
 * - Functions return an sf_status. On any but SF_OK nothing was written unless a comment says so, and sf_error(stream)
 *   names the operation, what was found and what was expected. No function throws, exits or keeps global state.
 * - A constant that this header does not define is SF_INVALID_ARGUMENT; one that it defines, but this device does not
 *   have, is SF_UNSUPPORTED.
 * - Tables (sf_grid and the like; ids, rows and counts) may be out of the host's reach. A fault in one is then reported
 *   by the next sf_synchronize, sf_upload or sf_download, and the row at fault writes nothing; its message names the
 *   operation as well. What is launched is sized by the counts that the host passes: num_..., and max_rows or
 *   max_patches, which the rows that a table names must not exceed.
 * - A count of zero (rows, grids, segments) is valid and does nothing; arrays of zero elements may be NULL.
 * - x is the residual stream, always fp32. "Activation type" is the type a matrix product reads
 *   (SF_F32, SF_F16 or SF_BF16).
 */
#ifndef SCANFORMER_H
#define SCANFORMER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call came to. */
enum sf_status {
    SF_OK = 0,
    SF_INVALID_ARGUMENT = 1, /* the caller's arguments; nothing was done */
    SF_OUT_OF_MEMORY = 2,    /* an allocation was refused; the stream is still usable */
    SF_UNSUPPORTED = 3,      /* this device cannot do it */
    SF_DEVICE_ERROR = 4,     /* the operation failed; the stream is still usable */
    SF_DEVICE_LOST = 5       /* the device is unusable until the process restarts */
};

/* Element types. */
enum { SF_F32 = 0, SF_F16 = 1, SF_BF16 = 2 };

/*
 * The compute type of attention, in which it multiplies: one of the element types, which is then the type of the
 * queries and of the cache, or SF_TF32, fp32 arrays multiplied in TensorFloat-32. Sums and the softmax are fp32 in all
 * of them. The CPU has SF_F32; bf16 and TensorFloat-32 need compute capability 8.0.
 */
enum { SF_TF32 = 3 };

/* The largest sizes that every backend takes. */
enum {
    SF_MAX_HIDDEN = 4096,       /* elements of a token that a layer norm takes */
    SF_MAX_HEADS = 4096,        /* heads of attention */
    SF_MAX_HEAD_SIZE = 128,     /* elements of an attention head */
    SF_MAX_PATCH = 1024,        /* pixels along a patch's side */
    SF_MAX_SCALES = 30,         /* scales of a pyramid */
    SF_MAX_CANVAS_SIDE = 65535, /* pixels along a side of a pyramid's finest canvas */
    SF_MAX_THREADS = 1024       /* CPU threads of a stream */
};

/* What is applied to a linear layer's output. GELU is the exact one, with erf. */
enum { SF_IDENTITY = 0, SF_RELU = 1, SF_GELU = 2, SF_SIGMOID = 3 };

/*
 * Pixel formats, of 8-bit samples but for SF_P010.
 *
 * Packed ones are in byte order in memory; the fourth byte of SF_RGBA and SF_BGRA is ignored. SF_YUYV and SF_UYVY are
 * 4:2:2 video: four bytes, Y Cb Y Cr or Cb Y Cr Y, for two pixels side by side; an odd width has a pair's end unused.
 *
 * The others are 4:2:0 video. Plane 0 is luma, and a chroma sample belongs to the 2 x 2 pixels (2 i .. 2 i + 1,
 * 2 j .. 2 j + 1): SF_NV12 has Cb and Cr interleaved in plane 1, SF_NV21 Cr and Cb, SF_I420 Cb in plane 1 and Cr in
 * plane 2. SF_P010 is SF_NV12 with samples of two bytes, the lower first, whose upper 10 bits count.
 */
enum {
    SF_RGB = 0,
    SF_BGR = 1,
    SF_RGBA = 2,
    SF_BGRA = 3,
    SF_GRAY = 4,
    SF_NV12 = 5,
    SF_I420 = 6,
    SF_NV21 = 7,
    SF_YUYV = 8,
    SF_UYVY = 9,
    SF_P010 = 10
};

/*
 * What the samples of a YUV image mean: the matrix of ITU-R BT.601-7 or BT.709-6, and the limited range (of 8 bits:
 * luma 16 to 235, chroma 16 to 240) or the full one.
 */
enum { SF_BT601_LIMITED = 0, SF_BT601_FULL = 1, SF_BT709_LIMITED = 2, SF_BT709_FULL = 3 };

/* An image: the struct is the host's, its planes are in memory that the device can read. 64 bytes, no padding. */
typedef struct sf_image {
    uint64_t planes[3]; /* addresses of the planes' first rows; 0 for those that the format lacks */
    int64_t strides[3]; /* bytes from a plane's row to the next, at least what its pixels take */
    int32_t width;      /* pixels; chroma has (width + 1) / 2 samples across */
    int32_t height;     /* pixels; chroma of 4:2:0 has (height + 1) / 2 samples down */
    int32_t format;     /* SF_RGB to SF_P010 */
    int32_t color;      /* SF_BT601_LIMITED to SF_BT709_FULL; ignored but for YUV */
} sf_image;

/* What sf_grid.max_selected is when the caller gives the mask. */
enum { SF_GIVEN = -1 };

/* The functions of one backend (scanformer_backend.h). Opaque to callers; valid as long as its library is loaded. */
typedef struct sf_backend sf_backend;

/* One device queue with its scratch memory. Opaque. */
typedef struct sf_stream sf_stream;

/*
 * The grid of one scale of one request, and where its data lies. 48 bytes, no padding.
 *
 * Its token segment is [REG] at row token_row of the packed tokens, then its `selected` patches in row-major order, and
 * one constant token when selected < rows * cols.
 */
typedef struct sf_grid {
    int64_t canvas;       /* offset of this scale's canvas [3, rows * patch, cols * patch] in the canvas array */
    int64_t mask;         /* offset of this grid's rows * cols entries, both in the mask and in the index array */
    int32_t rows;         /* patches down */
    int32_t cols;         /* patches across */
    int32_t scale;        /* 0 is the coarsest */
    int32_t selected;     /* number of selected patches, 0 to rows * cols */
    int32_t patch_row;    /* row of its first selected patch among the packed patches of the call */
    int32_t token_row;    /* row of its [REG] token among the packed tokens */
    float logit_bound;    /* a patch is selected when its logit is greater than this; may be infinite */
    int32_t max_selected; /* and at most this many, those of the highest logits; ties go to the lower index;
                             SF_GIVEN: the mask is the caller's, and sf_select_patches leaves it as it is */
} sf_grid;

/* Rows whose K and V are appended to one segment of the cache. 32 bytes. */
typedef struct sf_kv_append {
    uint64_t kv;          /* address of the segment's block of layer 0, aligned to 64 bytes */
    int64_t layer_stride; /* bytes from one layer's block of the segment to the next layer's, a multiple of 64 */
    int32_t row;          /* first row in qkv */
    int32_t tokens;       /* number of rows */
    int32_t position;     /* tokens that the segment already holds */
    int32_t capacity;     /* tokens that the segment's block has room for (see sf_kv_bytes) */
} sf_kv_append;

/* A segment of keys and values to attend to. 24 bytes. */
typedef struct sf_kv_segment {
    uint64_t kv;          /* as in sf_kv_append */
    int64_t layer_stride; /* as in sf_kv_append */
    int32_t tokens;       /* keys in the segment, at least 1 */
    int32_t reserved;     /* 0 */
} sf_kv_segment;

/* Consecutive query rows that attend to the same keys: segments [segment_begin, segment_end). 24 bytes. */
typedef struct sf_query_block {
    int32_t q_row;         /* first row in q */
    int32_t out_row;       /* first row in out */
    int32_t rows;          /* number of queries */
    int32_t segment_begin; /* first segment in the table */
    int32_t segment_end;   /* one past the last segment; greater than segment_begin */
    int32_t reserved;      /* 0 */
} sf_query_block;

/*
 * The operations that every backend has, for macros: OPERATION(attention) stands for sf_attention. The backends' tables
 * are made of this list, and a fault in a table is named after it. Only appended to.
 */
#define SF_OPERATIONS(OPERATION)   \
    OPERATION(build_pyramid)       \
    OPERATION(compact_patches)     \
    OPERATION(gather_patches)      \
    OPERATION(embed_text)          \
    OPERATION(embed_patches)       \
    OPERATION(residual_layer_norm) \
    OPERATION(kv_bytes)            \
    OPERATION(append_kv)           \
    OPERATION(attention)           \
    OPERATION(select_patches)

/*
 * The layouts and constants of this header as this library was compiled: a line "name value" for the size of each
 * struct, the offset of each field ("sf_grid.canvas 0") and each constant ("SF_BF16 2"). Zero-terminated, static.
 */
const char* sf_layout(void);

/* ---- Device, memory ---- */

/*
 * Says what a backend finds on this machine. Writes up to capacity bytes of zero-terminated UTF-8 into report:
 * "key=value" lines for a usable device, or one line a reason why not. `device` counts from 0.
 * Returns SF_OK when the device is usable, otherwise SF_UNSUPPORTED; SF_INVALID_ARGUMENT when backend or report is
 * NULL, or the backend's library is of another version.
 */
int sf_probe(const sf_backend* backend, int device, char* report, int capacity);

/*
 * Opens a stream on a device of a backend. `threads` is the number of CPU threads an operation may use, at most
 * SF_MAX_THREADS (0: all that the process may run on); ignored by a GPU. `isa` limits the CPU's instruction set: 0 the
 * best there is, 1 x86-64 or ARMv8-A, 3 x86-64-v3, 4 x86-64-v4; SF_UNSUPPORTED when the CPU lacks it. *stream is NULL
 * on failure.
 */
int sf_stream_create(const sf_backend* backend, int device, int threads, int isa, sf_stream** stream);

/* Frees the stream; NULL is allowed. No call on it may be running. */
void sf_stream_destroy(sf_stream* stream);

/*
 * The message of the last call on this stream that failed; "" if none did, or for NULL. Valid until the next call on
 * the stream.
 */
const char* sf_error(const sf_stream* stream);

/* Waits until all work on the stream is done, and reports an error of it. */
int sf_synchronize(sf_stream* stream);

/* Bytes of device memory that an allocation could still get, as far as the system can tell. */
int sf_memory_available(sf_stream* stream, int64_t* bytes);

/* Allocates zeroed device memory, aligned to at least 64 bytes. bytes > 0. *memory is NULL on failure. */
int sf_allocate(sf_stream* stream, int64_t bytes, void** memory);

/* Frees memory of sf_allocate; NULL is allowed. `bytes` is what was asked for. */
int sf_free(sf_stream* stream, void* memory, int64_t bytes);

/* Copies bytes from host memory to device memory at a byte offset. The host's memory is the caller's again on return.
 */
int sf_upload(sf_stream* stream, void* memory, int64_t offset, const void* host, int64_t bytes);

/* Copies bytes from device memory at a byte offset to host memory, and waits for them. */
int sf_download(sf_stream* stream, const void* memory, int64_t offset, void* host, int64_t bytes);

/* ---- Image pyramid ---- */

/*
 * Resizes an image to the finest canvas, normalises it and halves it down to the coarsest.
 *
 * YUV images are first made R, G and B, 0 to 255, in fp32 without rounding but clamped, each chroma sample holding for
 * its 2 x 2 or 2 x 1 pixels; gray stands for all three. The finest canvas has rows0 * 2^(scales-1) by cols0 *
 * 2^(scales-1) patches of patch x patch pixels. The filter is the separable triangle whose support widens with the
 * reduction (PIL's BILINEAR; PyTorch's bilinear with antialias, align_corners False), on values 0 to 255 in fp32
 * without rounding; then (v / 255 - mean[c]) / std[c] in RGB order; then each coarser level is the mean of 2 x 2 pixels
 * of the next finer one.
 *
 * An image of any size is taken: what a call keeps in memory grows with the canvas, not with the image. patch is 1 to
 * SF_MAX_PATCH, scales 1 to SF_MAX_SCALES, and no side of the finest canvas is longer than SF_MAX_CANVAS_SIDE.
 *
 * canvas: the levels from the coarsest on, each [3, rows0 * 2^s * patch, cols0 * 2^s * patch] in fp32, one after
 * another.
 */
int sf_build_pyramid(sf_stream* stream, const sf_image* image, int patch, int scales, int rows0, int cols0,
                     const float* mean, const float* std, float* canvas);

/* ---- Masked patch gather ---- */

/*
 * Stable row-major compaction of each grid's mask: the indices i * cols + j of its non-zero entries, in rising order,
 * go to indices[grid.mask ...], their number to counts[g]. Reads only grid.mask, rows and cols.
 */
int sf_compact_patches(sf_stream* stream, const sf_grid* grids, int num_grids, const uint8_t* mask, int32_t* indices,
                       int32_t* counts);

/*
 * Writes the pixels of each grid's selected patches as rows for the patch projection: rows[grid.patch_row + i] is patch
 * indices[grid.mask + i] flattened channel, row, column ([3 * patch * patch] elements of `type`). patch is 1 to
 * SF_MAX_PATCH. rows is aligned. max_patches is at least the sum of the grids' selected.
 */
int sf_gather_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int patch,
                      const float* canvas, const int32_t* indices, int type, void* rows);

/* ---- Tokens ---- */

/*
 * Text tokens: x[token_rows[t]] = LayerNorm(word[ids[t]] + position[positions[t]] + type0; eps) * weight + bias
 * + modality0, for t in [0, tokens). word [vocab, hidden], position [max_positions, hidden], the rest [hidden], fp32.
 * An id or a position out of range is SF_INVALID_ARGUMENT.
 */
int sf_embed_text(sf_stream* stream, int tokens, int hidden, const int32_t* ids, const int32_t* positions,
                  const int32_t* token_rows, const float* word, int vocab, const float* position, int max_positions,
                  const float* type0, const float* weight, const float* bias, float eps, const float* modality0,
                  float* x);

/*
 * The tokens of each grid's segment:
 *   [REG]      x[token_row]         = cls + position[0] + modality1 + scales[grid.scale]
 *   patch i    x[token_row + 1 + i] = patches[patch_row + i] + pos(indices[mask + i]) + modality1 + scales[grid.scale]
 *   constant   x[last]              = constant + modality1 + scales[grid.scale], when selected < rows * cols
 * pos is position[1:], a stored [position_grid, position_grid] grid, interpolated bilinearly with align_corners to
 * [rows, cols] (a side of length 1 takes index 0). patches [n, hidden], position [position_grid^2 + 1, hidden],
 * scales [num_scales, hidden], fp32. max_patches is at least the sum of the grids' selected.
 */
int sf_embed_patches(sf_stream* stream, const sf_grid* grids, int num_grids, int max_patches, int hidden,
                     const float* patches, const int32_t* indices, const float* cls, const float* position,
                     int position_grid, const float* modality1, const float* scales, const float* constant, float* x);

/* ---- Encoder ---- */

/*
 * Residual addition and layer norm, fused. For i in [0, rows), with r = row_index ? row_index[i] : i:
 *   v = x[r] + (y ? y[i] : 0);  if (x_out) x_out[i] = v;  if (out) out[i] = LayerNorm(v; eps) * weight + bias
 * Mean and variance in fp32, biased variance. x and x_out [*, columns] fp32, y [rows, columns] fp32, out of `type`
 * [rows, columns]. A negative row index is SF_INVALID_ARGUMENT. x_out may be x itself when row_index is NULL; no other
 * overlap.
 */
int sf_residual_layer_norm(sf_stream* stream, int rows, int columns, const float* x, const int32_t* row_index,
                           const float* y, float* x_out, const float* weight, const float* bias, float eps, int type,
                           void* out);

/*
 * Bytes that the K, V and log-counts of `tokens` tokens of one layer occupy in the cache, a multiple of 64; the layout
 * inside is the backend's own, and differs by compute type. 0 for arguments that are out of range, and for a compute
 * type that the stream's device lacks.
 */
int64_t sf_kv_bytes(const sf_stream* stream, int heads, int head_size, int tokens, int compute_type);

/*
 * KV-cache append: adds the bias and writes K and V of each append's rows with the logarithm of their count weight (to
 * the base that the backend's attention computes in) to the segment's cache of `layer`, and the queries to q.
 *
 * qkv [*, 3 * heads * head_size] fp32 without its bias: all queries, all keys, all values of a row; bias [3 * hidden].
 * counts[row] is the count weight of that row's key, at least 1. q [*, hidden] of the compute type's element type gets
 * the same rows as qkv has; for SF_TF32 rounded to TensorFloat-32. max_rows is at least the sum of the appends' tokens.
 * An append beyond its segment's capacity is SF_INVALID_ARGUMENT and writes nothing.
 */
int sf_append_kv(sf_stream* stream, const sf_kv_append* appends, int num_appends, int max_rows, int heads,
                 int head_size, int layer, int compute_type, const float* qkv, const float* bias, const int32_t* counts,
                 void* q);

/*
 * Attention with count weights: for each query block, head and query
 *   out = sum_j p_j v_j,  p = softmax_j(q . k_j / sqrt(head_size) + ln count_j)
 * over the keys j of the block's segments. q [*, heads * head_size] of the compute type's element type, as sf_append_kv
 * writes it (for SF_TF32: numbers of TensorFloat-32), out [*, heads * head_size] of `type`: fp32, or a type that the
 * device has for the compute type. heads is 1 to SF_MAX_HEADS, head_size 1 to SF_MAX_HEAD_SIZE. The softmax subtracts
 * the running maximum; sums are fp32. max_rows is at least the sum of the blocks' rows, block_rows at least the rows of
 * each. A GPU starts as much for every block as for one of block_rows rows: there long ones are best cut into blocks of
 * 32.
 */
int sf_attention(sf_stream* stream, const sf_query_block* blocks, int num_blocks, int block_rows, int max_rows,
                 const sf_kv_segment* segments, int num_segments, int heads, int head_size, int layer, int compute_type,
                 const void* q, int type, void* out);

/* ---- Selection ---- */

/*
 * The next scale's masks. parents[r] and children[r] are the grids of request r at scale s and s + 1 (children have
 * twice the rows and columns). logits[parents[r].patch_row + i][2 * a + b] belongs to child (2 * pi + a, 2 * pj + b) of
 * the i-th selected parent (pi, pj). Child (i, j) becomes mask[children[r].mask + i * cols + j] = 1 when its parent is
 * selected, its logit is greater than children[r].logit_bound (a NaN is not) and it is among the
 * children[r].max_selected such children of the highest logits; otherwise 0. All of each child grid's mask is written,
 * or none of it when it is given.
 */
int sf_select_patches(sf_stream* stream, const sf_grid* parents, const sf_grid* children, int num_requests,
                      const float* logits, const int32_t* indices, uint8_t* mask);

#ifdef __cplusplus
}
#endif

#endif
