/*
 * Matrix products of few rows on the tensor cores, y = x weight^T: what counts is how fast the weights come from
 * memory.
 *
 * A block of threads takes a tile of 32 or 64 rows of x and 32 of weight, and a part of the inner dimension (split-K),
 * so that there are blocks for all multiprocessors. Its eight warps divide that part into slabs of 64 bytes a row,
 * which each copies for itself ahead of its products (cp.async, matmul_tile.cuh): no warp waits for another. At the end
 * their sums are added up in shared memory. With an inner dimension of 768 elements of 16 bits, all copies are on their
 * way before the first product; what follows the products is loaded meanwhile.
 *
 * Where the inner dimension is split, each block leaves its sums in the workspace and takes a ticket; the last block of
 * a tile adds all of them up, in the order of the parts, whichever came last: results are the same bit for bit in each
 * run. It then does what follows the product on the fp32 sums (matmul_result.cuh).
 *
 * NaN and infinity go through as in fp32: zeros stand only for rows and elements past the end, in both operands.
 */
#include "matmul_result.cuh"
#include "matmul_tile.cuh"
#include "scanformer_cuda.h"
#include "stream.cuh"

namespace {

/* The workspace: a ticket a tile, then the parts' sums. */
constexpr int kMaxTiles = 1024;
constexpr int64_t kTicketBytes = kMaxTiles * static_cast<int64_t>(sizeof(unsigned));
constexpr int64_t kPartialBytes = int64_t{8} << 20;

template <typename Result>
struct MatmulTask {
    MatmulOperands of;
    int column_tiles;
    int splits;
    int slabs;           /* in all */
    int slabs_per_split; /* a multiple of the number of warps */
    unsigned* tickets;
    float* partials; /* [tile][split][ROWS][32] */
    Result result;
};

/* Four consecutive sums of a tile, of all warps. */
template <typename Shared>
__device__ __forceinline__ void sum_of_warps(const Shared& shared, int row, int column, float (&v)[4]) {
    v[0] = v[1] = v[2] = v[3] = 0.0f;
#pragma unroll
    for (int w = 0; w < kMatmulWarps; w++) {
        const float4 four = load4(&shared.of_warp[w].sums[row][column]);
        v[0] += four.x;
        v[1] += four.y;
        v[2] += four.z;
        v[3] += four.w;
    }
}

/* The same of all parts of the inner dimension, from the workspace. */
__device__ __forceinline__ void sum_of_splits(const float* partials, int splits, int tile_elements, float (&v)[4]) {
    v[0] = v[1] = v[2] = v[3] = 0.0f;
#pragma unroll 4
    for (int s = 0; s < splits; s++) {
        /* Past the L1 cache, which may hold what other blocks have overwritten. */
        const float4 four = __ldcg(reinterpret_cast<const float4*>(partials + static_cast<int64_t>(s) * tile_elements));
        v[0] += four.x;
        v[1] += four.y;
        v[2] += four.z;
        v[3] += four.w;
    }
}

/* Whether all other blocks of the tile have left their sums; its ticket is then 0 again. */
__device__ __forceinline__ bool is_last(Cell<int>& result, unsigned* ticket, int splits) {
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        const unsigned highest = static_cast<unsigned>(splits) - 1;
        result = atomicInc(ticket, highest) == highest ? 1 : 0;
        __threadfence();
    }
    __syncthreads();
    return result != 0;
}

template <typename Compute, int ROWS, typename Result>
__global__ void __launch_bounds__(kMatmulThreads, ROWS == 32 ? 2 : 1) tensor_matmul(MatmulTask<Result> task) {
#if !defined(SF_EMULATION) && __CUDA_ARCH__ < 800
    constexpr int kStages = matmul_stages(ROWS, 75);
    /* Streams of older devices have neither bf16 nor TensorFloat-32, and take tiles of 32 rows. */
    if (!std::is_same_v<Compute, ComputeF16> || ROWS > 32) return;
#else
    constexpr int kStages = matmul_stages(ROWS, 80);
#endif
    using Shared = MatmulShared<ROWS, kStages>;
    Shared& shared = dynamic_shared<Shared>();
    constexpr int kGroups = kTileColumns / 4;
    constexpr int kElements = ROWS * kTileColumns;
    /* A thread's groups of four elements are in the same columns, so many rows apart. */
    constexpr int kRowsApart = kMatmulThreads / kGroups;
    constexpr int kFours = ROWS / kRowsApart;
    /* What follows the products is loaded before them, where there are registers for it. */
    constexpr bool kAhead = kFours == 1;
    const int tile = static_cast<int>(blockIdx.x);
    const int split = static_cast<int>(blockIdx.y);
    const int first_row = tile / task.column_tiles * ROWS;
    const int first_column = tile % task.column_tiles * kTileColumns;
    const int begin = split * task.slabs_per_split;
    const int end = begin + task.slabs_per_split < task.slabs ? begin + task.slabs_per_split : task.slabs;
    const int thread = static_cast<int>(threadIdx.x);
    const int row_in_tile = thread / kGroups;
    const int column_in_tile = thread % kGroups * 4;
    const int row = first_row + row_in_tile;
    const int column = first_column + column_in_tile;
    decltype(four_of<Compute>(task.result)) fours[kFours];
    const auto load = [&] {
#pragma unroll
        for (int i = 0; i < kFours; i++) {
            const bool there = row + i * kRowsApart < task.of.rows && column < task.of.out;
            if (there) fours[i].load(task.result, row + i * kRowsApart, column);
        }
    };
    {
        MatmulWarp<Compute, ROWS, kStages> warp;
        warp.run(task.of, shared, first_row, first_column, begin, end, [&] {
            if (kAhead && task.splits == 1) load();
        });
        warp.store(shared);
    }
    if (tile == 0 && split == 0) check(task.result);
    const float* partials = task.partials + static_cast<int64_t>(tile) * task.splits * kElements;
    const int in_tile = row_in_tile * kTileColumns + column_in_tile;
    if (task.splits > 1) {
        float* own = task.partials + (static_cast<int64_t>(tile) * task.splits + split) * kElements;
#pragma unroll
        for (int i = 0; i < kFours; i++) {
            float v[4];
            sum_of_warps(shared, row_in_tile + i * kRowsApart, column_in_tile, v);
            store4(own + in_tile + i * kRowsApart * kTileColumns, v);
        }
        if (!is_last(shared.is_last, task.tickets + tile, task.splits)) return;
    }
    if (!kAhead || task.splits > 1) load();
#pragma unroll
    for (int i = 0; i < kFours; i++) {
        if (row + i * kRowsApart >= task.of.rows || column >= task.of.out) continue;
        float v[4];
        if (task.splits > 1) {
            sum_of_splits(partials + in_tile + i * kRowsApart * kTileColumns, task.splits, kElements, v);
        } else {
            sum_of_warps(shared, row_in_tile + i * kRowsApart, column_in_tile, v);
        }
        fours[i].put(task.result, row + i * kRowsApart, column, v);
    }
}

template <typename Compute, int ROWS, typename Result>
int start(sf_stream* stream, const char* operation, int64_t tiles, const MatmulTask<Result>& task) {
    const size_t shared = cuda_stream(stream)->capability < 80 ? sizeof(MatmulShared<ROWS, matmul_stages(ROWS, 75)>)
                                                               : sizeof(MatmulShared<ROWS, matmul_stages(ROWS, 80)>);
    return launch_with_shared(stream, operation, tensor_matmul<Compute, ROWS, Result>, tiles, task.splits,
                              kMatmulThreads, static_cast<int>(shared), task);
}

template <typename Compute, typename Result>
int start(sf_stream* stream, const char* operation, int tile_rows, int64_t tiles, const MatmulTask<Result>& task) {
    return tile_rows == 32 ? start<Compute, 32>(stream, operation, tiles, task)
                           : start<Compute, 64>(stream, operation, tiles, task);
}

/* Checks what both kinds of product have, fills in the task's division, and starts it. */
template <typename Result>
int multiply(sf_stream* stream, const char* operation, int compute_type, int tile_rows, int splits, void* workspace,
             const MatmulOperands& of, const Result& result) {
    if (compute_type < SF_F16 || compute_type > SF_TF32) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: compute type %d, expected 1 to 3", operation, compute_type);
    }
    if (stream->attention_types[compute_type] == 0) {
        return fail(stream, SF_UNSUPPORTED, "%s: the device does not have compute type %d", operation, compute_type);
    }
    const auto aligned_to = [](const void* p, uintptr_t bytes) { return reinterpret_cast<uintptr_t>(p) % bytes == 0; };
    if (of.row_bytes % 16 != 0 || !aligned_to(of.x, 16) || !aligned_to(of.weight, 16)) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: rows of %d bytes, expected rows and arrays that are aligned to 16 bytes", operation,
                    of.row_bytes);
    }
    if ((tile_rows != 32 && tile_rows != 64) || splits < 1) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: tiles of %d rows and %d splits, expected 32 or 64, and 1 or more",
                    operation, tile_rows, splits);
    }
    if (cuda_stream(stream)->capability < 80) tile_rows = 32;
    MatmulTask<Result> task = {};
    task.of = of;
    task.result = result;
    task.column_tiles = static_cast<int>(div_up(of.out, kTileColumns));
    task.slabs = static_cast<int>(div_up(of.row_bytes, kSlabBytes));
    task.slabs_per_split = static_cast<int>(div_up(div_up(task.slabs, splits), kMatmulWarps)) * kMatmulWarps;
    task.splits = static_cast<int>(div_up(task.slabs, task.slabs_per_split));
    const int64_t tiles = div_up(of.rows, tile_rows) * task.column_tiles;
    if (task.splits > 1) {
        const int64_t bytes = tiles * task.splits * tile_rows * kTileColumns * static_cast<int64_t>(sizeof(float));
        if (workspace == nullptr || !aligned(workspace) || tiles > kMaxTiles || bytes > kPartialBytes) {
            return fail(stream, SF_INVALID_ARGUMENT,
                        "%s: %lld tiles in %d splits take %lld bytes, expected an aligned workspace, and at most %d "
                        "tiles and %lld bytes",
                        operation, static_cast<long long>(tiles), task.splits, static_cast<long long>(bytes), kMaxTiles,
                        static_cast<long long>(kPartialBytes));
        }
        task.tickets = static_cast<unsigned*>(workspace);
        task.partials = reinterpret_cast<float*>(static_cast<char*>(workspace) + kTicketBytes);
    }
    if (compute_type == SF_F16) return start<ComputeF16>(stream, operation, tile_rows, tiles, task);
    if (compute_type == SF_BF16) return start<ComputeBf16>(stream, operation, tile_rows, tiles, task);
    return start<ComputeTf32>(stream, operation, tile_rows, tiles, task);
}

MatmulOperands operands(int rows, int out, int in, int compute_type, const void* x, const void* weight) {
    const int element_bytes = compute_type == SF_TF32 ? 4 : 2;
    return {static_cast<const char*>(x), static_cast<const char*>(weight), rows, out, in * element_bytes};
}

}  // namespace

int64_t sf_tensor_matmul_workspace(void) { return kTicketBytes + kPartialBytes; }

int sf_tensor_matmul(sf_stream* stream, int rows, int out, int in, int compute_type, const void* x, const void* weight,
                     const float* bias, int activation, const float* added, int type, void* y, int tile_rows,
                     int splits, void* workspace) {
    const char* operation = "sf_tensor_matmul";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (rows < 0 || out < 1 || in < 1 || in > kMostRowBytes / 4 || activation < SF_IDENTITY ||
        activation > SF_SIGMOID) {
        return fail(
            stream, SF_INVALID_ARGUMENT,
            "%s: expected rows >= 0, outputs >= 1, inputs 1 to %d and activation 0 to 3, found %d, %d, %d and %d",
            operation, kMostRowBytes / 4, rows, out, in, activation);
    }
    status = check_type(stream, operation, type);
    if (status != SF_OK || rows == 0) return status;
    if (any_null({x, weight, y})) return fail_null(stream, operation);
    status = check_alignment(stream, operation, bias, added);
    if (status == SF_OK) status = check_alignment_of(stream, operation, type, y);
    if (status != SF_OK) return status;
    const bool vectors =
        aligned_rows(out, bias) && aligned_rows(out, added) &&
        (type == SF_F32 ? aligned_rows(out, static_cast<float*>(y)) : aligned_rows(out, static_cast<BF16*>(y)));
    const LinearResult result = {bias, added, out, activation, type, vectors, y};
    return multiply(stream, operation, compute_type, tile_rows, splits, workspace,
                    operands(rows, out, in, compute_type, x, weight), result);
}

int sf_tensor_matmul_qkv(sf_stream* stream, int rows, int in, int compute_type, const void* x, const void* weight,
                         const sf_kv_append* appends, int num_appends, int heads, int head_size, int layer,
                         const float* bias, const int32_t* counts, void* q, int tile_rows, int splits,
                         void* workspace) {
    const char* operation = "sf_tensor_matmul_qkv";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (rows < 0 || in < 1 || in > kMostRowBytes / 4 || num_appends < 0 || layer < 0 || heads < 1 ||
        heads > SF_MAX_HEADS) {
        return fail(
            stream, SF_INVALID_ARGUMENT,
            "%s: expected rows, appends and a layer >= 0, inputs 1 to %d and 1 to %d heads, found %d, %d, %d, %d "
            "and %d",
            operation, kMostRowBytes / 4, SF_MAX_HEADS, rows, num_appends, layer, in, heads);
    }
    if (head_size != padded_head_size(head_size)) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: heads of size %d, expected 32, 64 or 128", operation, head_size);
    }
    if (rows == 0 || num_appends == 0) return SF_OK;
    if (any_null({x, weight, q})) return fail_null(stream, operation);
    status = check_arrays(stream, operation, appends, bias, counts);
    if (status != SF_OK) return status;
    if (!aligned(q) || !aligned(bias)) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: q or the bias is not aligned", operation);
    }
    const CacheResult result = {appends, num_appends, rows,   heads, head_size,
                                layer,   bias,        counts, q,     table_fault(stream)};
    return multiply(stream, operation, compute_type, tile_rows, splits, workspace,
                    operands(rows, 3 * heads * head_size, in, compute_type, x, weight), result);
}
