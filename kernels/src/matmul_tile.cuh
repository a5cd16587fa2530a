/* A block's tile of a matrix product on the tensor cores: the walk over the inner dimension, by eight warps. */
#ifndef SCANFORMER_MATMUL_TILE_CUH
#define SCANFORMER_MATMUL_TILE_CUH

#include "async_copy.cuh"
#include "kv_layout.cuh"
#include "matrix.cuh"
#include "warp.cuh"

constexpr int kMatmulWarps = 8;
constexpr int kMatmulThreads = kMatmulWarps * kWarp;
constexpr int kTileColumns = 32;
constexpr int kSlabBytes = 64;                /* of the inner dimension, of each row, in a step of a warp */
constexpr int kSlabVectors = kSlabBytes / 16; /* one for each of the four lanes of a fragment's row */
constexpr int kMostRowBytes = 1 << 24;        /* so that a place in a tile is a 32-bit offset from its start */
/* Of a row of sums: with the padding, the eight rows of a fragment lie in all banks. */
constexpr int kSumsStride = kTileColumns + 8;

/* What a product reads, in bytes: rows of x and of weight are whole 16 bytes. */
struct MatmulOperands {
    const char* x;
    const char* weight;
    int rows;
    int out;
    int row_bytes;
};

/*
 * Slabs of a warp that are in shared memory at a time: 96 KiB for a block, which every device has that can copy past
 * its registers. On others, whose copies are not ahead of anything, the tile fits in what each kernel has.
 */
__host__ __device__ constexpr int matmul_stages(int rows, int capability) {
    return capability < 80 ? 1 : rows == 32 ? 3 : 2;
}

/* The block's shared memory. A warp's sums take the place of its slabs, which no other warp has read. */
template <int ROWS, int STAGES>
struct MatmulShared {
    /* [row of x, then of weight][16 bytes] */
    using Stage = Cell<uint4>[ROWS + kTileColumns][kSlabVectors];
    union OfWarp {
        Stage slabs[STAGES];
        Cell<float> sums[ROWS][kSumsStride];
    };
    OfWarp of_warp[kMatmulWarps];
    Cell<int> is_last; /* whether all other blocks of the tile are done */
};

/* A lane's 16 bytes of a row as the multiplier takes them. */
template <typename T>
__device__ __forceinline__ uint4 as_operand(uint4 v, T) {
    return v;
}
__device__ __forceinline__ uint4 as_operand(uint4 v, float) {
    const auto round = [](uint32_t bits) { return __float_as_uint(to_tf32(__uint_as_float(bits))); };
    return make_uint4(round(v.x), round(v.y), round(v.z), round(v.w));
}

/* Where a lane's 16 bytes of a slab lie in COUNT rows of a matrix, of which it copies every eighth. */
template <int COUNT>
struct SlabRows {
    static constexpr int kCopies = COUNT * kSlabVectors / kWarp;

    const char* tile;     /* the tile's first row */
    int offsets[kCopies]; /* of the lane's rows from there */
    bool there[kCopies];  /* false for rows past the matrix's last */

    __device__ __forceinline__ SlabRows(const char* matrix, int rows, int first_row, int row_bytes)
        : tile(matrix + static_cast<int64_t>(first_row) * row_bytes) {
#pragma unroll
        for (int c = 0; c < kCopies; c++) {
            const int row = lane_id() / kSlabVectors + c * (kWarp / kSlabVectors);
            there[c] = first_row + row < rows;
            offsets[c] = there[c] ? row * row_bytes : 0;
        }
    }

    /*
     * Starts the copies of the lane's 16 bytes from `byte` on; zeros where the rows have ended, or there is none. To
     * read the last row again in their place would take all blocks to the same few bytes of the L2 cache at once: on an
     * H200 a product of 48 rows took 9 us where one of 64 took 5.6.
     */
    __device__ __forceinline__ void load(int byte, int row_bytes, Cell<uint4> (*to)[kSlabVectors]) const {
        const bool inside = byte < row_bytes;
        const int at = inside ? byte : 0;
#pragma unroll
        for (int c = 0; c < kCopies; c++) {
            copy_async(&to[lane_id() / kSlabVectors + c * (kWarp / kSlabVectors)][lane_id() % kSlabVectors],
                       tile + (offsets[c] + at), inside && there[c]);
        }
    }
};

/*
 * Sums of a tile of ROWS rows of x and 32 of weight, of every eighth slab from the warp's first on, in the warp's
 * registers as matrix.cuh places them. A slab holds 64 bytes of each row. Lane 4 g + t reads bytes 16 t to 16 t + 15 of
 * rows g of a fragment: it takes them for elements of both products that they suffice for, whose order along the inner
 * dimension does not matter as long as it is the same for x and weight. A lane copies just what it reads, so
 * that lanes wait for no other's copies.
 */
template <typename Compute, int ROWS, int STAGES>
struct MatmulWarp {
    using T = typename Compute::Type;
    using Shared = MatmulShared<ROWS, STAGES>;
    using Stage = typename Shared::Stage;
    static constexpr int kTiles = ROWS / 16;

    float c[kTiles][kTileColumns / 8][4] = {};

    __device__ __forceinline__ void multiply(const Stage& stage) {
        const int g = lane_id() / 4;
        const int t = lane_id() % 4;
        uint4 b[kTileColumns / 8];
#pragma unroll
        for (int n = 0; n < kTileColumns / 8; n++) b[n] = as_operand(stage[ROWS + 8 * n + g][t], T{});
#pragma unroll
        for (int m = 0; m < kTiles; m++) {
            const uint4 low = as_operand(stage[16 * m + g][t], T{});
            const uint4 high = as_operand(stage[16 * m + g + 8][t], T{});
            const uint32_t first[4] = {low.x, high.x, low.y, high.y};
            const uint32_t second[4] = {low.z, high.z, low.w, high.w};
#pragma unroll
            for (int n = 0; n < kTileColumns / 8; n++) {
                const uint32_t b_first[2] = {b[n].x, b[n].y};
                multiply_add(c[m][n], first, b_first, T{});
            }
#pragma unroll
            for (int n = 0; n < kTileColumns / 8; n++) {
                const uint32_t b_second[2] = {b[n].z, b[n].w};
                multiply_add(c[m][n], second, b_second, T{});
            }
        }
    }

    /*
     * Sums the slabs from `slab` to `end` that fall to this warp. The first weights are on their way before the kernels
     * that x comes from are done; before_products() runs while the copies do.
     */
    template <typename Before>
    __device__ __forceinline__ void run(const MatmulOperands& of, Shared& shared, int first_row, int first_column,
                                        int slab, int end, const Before& before_products) {
        constexpr int kStep = kMatmulWarps * kSlabBytes;
        auto& stages = shared.of_warp[warp_id()].slabs;
        const SlabRows<kTileColumns> weight(of.weight, of.out, first_column, of.row_bytes);
        const int first = (slab + warp_id()) * kSlabBytes;
        int left = (end - slab - warp_id() + kMatmulWarps - 1) / kMatmulWarps;
        int byte = first + lane_id() % kSlabVectors * 16;
#pragma unroll
        for (int s = 0; s < STAGES; s++) {
            if (s < left) weight.load(byte + s * kStep, of.row_bytes, stages[s] + ROWS);
        }
        wait_for_earlier_kernels();
        const SlabRows<ROWS> x(of.x, of.rows, first_row, of.row_bytes);
#pragma unroll
        for (int s = 0; s < STAGES; s++) {
            if (s < left) x.load(byte + s * kStep, of.row_bytes, stages[s]);
            end_copy_group();
        }
        before_products();
        byte += STAGES * kStep;
        int stage = 0;
        for (; left > 0; left--) {
            wait_for_copies<STAGES - 1>();
            multiply(stages[stage]);
            if (left > STAGES) {
                weight.load(byte, of.row_bytes, stages[stage] + ROWS);
                x.load(byte, of.row_bytes, stages[stage]);
            }
            end_copy_group();
            byte += kStep;
            stage = stage == STAGES - 1 ? 0 : stage + 1;
        }
    }

    /* Puts the sums where all warps see them, in the place of the warp's slabs. */
    __device__ __forceinline__ void store(Shared& shared) const {
        /* All lanes are done with what they read of the slabs. */
        __syncwarp();
        const int g = lane_id() / 4;
        const int t = lane_id() % 4;
#pragma unroll
        for (int m = 0; m < kTiles; m++) {
#pragma unroll
            for (int n = 0; n < kTileColumns / 8; n++) {
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    store2(&shared.of_warp[warp_id()].sums[16 * m + 8 * half + g][8 * n + 2 * t], c[m][n][2 * half],
                           c[m][n][2 * half + 1]);
                }
            }
        }
        __syncthreads();
    }
};

#endif
