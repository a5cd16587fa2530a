/* A block's tile of a matrix product on the tensor cores: the walk over the inner dimension, by four warps. */
#ifndef SCANFORMER_MATMUL_TILE_CUH
#define SCANFORMER_MATMUL_TILE_CUH

#include "async_copy.cuh"
#include "kv_layout.cuh"
#include "matrix.cuh"
#include "warp.cuh"

constexpr int kMatmulWarps = 4;
constexpr int kMatmulThreads = kMatmulWarps * kWarp;
constexpr int kTileColumns = 32;
constexpr int kSlabBytes = 64;                /* of the inner dimension, of each row, in a step of a warp */
constexpr int kSlabVectors = kSlabBytes / 16; /* one for each of the four lanes of a fragment's row */
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

/* The block's sums, when its slabs are done with. */
template <int ROWS>
struct MatmulSums {
    Cell<float> of_warp[kMatmulWarps][ROWS][kSumsStride];
    Cell<int> is_last;       /* whether all other blocks of the tile are done */
    Cell<int> appends[ROWS]; /* each row's append */
};

/* Each warp has as many stages as 48 KiB hold. */
template <int ROWS>
struct MatmulShared {
    static constexpr int kStages = (48 << 10) / (kMatmulWarps * (ROWS + kTileColumns) * kSlabBytes);
    union {
        /* [warp][stage][row of x, then of weight][16 bytes] */
        Cell<uint4> slabs[kMatmulWarps][kStages][ROWS + kTileColumns][kSlabVectors];
        MatmulSums<ROWS> sums;
    };
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

/*
 * Sums of a tile of ROWS rows of x and 32 of weight, of every fourth slab from the warp's first on, in the warp's
 * registers as matrix.cuh places them. A slab holds 64 bytes of each row. Lane 4 g + t reads bytes 16 t to 16 t + 15 of
 * rows g of a fragment: it takes them for elements of both products that they suffice for, whose order along the inner
 * dimension does not matter as long as it is the same for x and weight. A lane copies just what it reads, so
 * that lanes wait for no other's copies.
 */
template <typename Compute, int ROWS>
struct MatmulWarp {
    using T = typename Compute::Type;
    using Shared = MatmulShared<ROWS>;
    static constexpr int kStages = Shared::kStages;
    static constexpr int kTiles = ROWS / 16;
    using Stage = Cell<uint4>[ROWS + kTileColumns][kSlabVectors];

    float c[kTiles][kTileColumns / 8][4] = {};

    /* Starts the copy of a slab of LOADED rows of a matrix; rows and bytes past the end are zeros. */
    template <int LOADED>
    __device__ __forceinline__ static void load(const MatmulOperands& of, const char* matrix, int rows, int first_row,
                                                int slab, Cell<uint4> (*to)[kSlabVectors]) {
        const int row = lane_id() / kSlabVectors;
        const int vector = lane_id() % kSlabVectors;
        const int byte = slab * kSlabBytes + vector * 16;
        const bool inside = byte < of.row_bytes;
#pragma unroll
        for (int r = 0; r < LOADED; r += kWarp / kSlabVectors) {
            const int i = first_row + r + row;
            const bool read = inside && i < rows;
            copy_async(&to[r + row][vector], read ? matrix + static_cast<int64_t>(i) * of.row_bytes + byte : matrix,
                       read);
        }
    }

    __device__ __forceinline__ static void load_x(const MatmulOperands& of, Stage& stage, int first_row, int slab) {
        load<ROWS>(of, of.x, of.rows, first_row, slab, stage);
    }
    __device__ __forceinline__ static void load_weight(const MatmulOperands& of, Stage& stage, int first_column,
                                                       int slab) {
        load<kTileColumns>(of, of.weight, of.out, first_column, slab, stage + ROWS);
    }

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
                const uint32_t b_second[2] = {b[n].z, b[n].w};
                multiply_add(c[m][n], first, b_first, T{});
                multiply_add(c[m][n], second, b_second, T{});
            }
        }
    }

    /*
     * Sums the slabs from `slab` to `end` that fall to this warp. The first weights are on their way before the kernels
     * that x comes from are done.
     */
    __device__ __forceinline__ void run(const MatmulOperands& of, Shared& shared, int first_row, int first_column,
                                        int slab, int end) {
        auto& stages = shared.slabs[warp_id()];
        slab += warp_id();
#pragma unroll
        for (int s = 0; s < kStages - 1; s++) {
            if (slab + s * kMatmulWarps < end) load_weight(of, stages[s], first_column, slab + s * kMatmulWarps);
        }
        wait_for_earlier_kernels();
#pragma unroll
        for (int s = 0; s < kStages - 1; s++) {
            if (slab + s * kMatmulWarps < end) load_x(of, stages[s], first_row, slab + s * kMatmulWarps);
            end_copy_group();
        }
        int next = slab + (kStages - 1) * kMatmulWarps;
        int stage = 0;
        for (; slab < end; slab += kMatmulWarps) {
            wait_for_copies<kStages - 2>();
            const int free = stage == 0 ? kStages - 1 : stage - 1;
            if (next < end) {
                load_x(of, stages[free], first_row, next);
                load_weight(of, stages[free], first_column, next);
            }
            end_copy_group();
            next += kMatmulWarps;
            multiply(stages[stage]);
            stage = stage == kStages - 1 ? 0 : stage + 1;
        }
        wait_for_copies<0>();
    }

    /* Puts the sums where all warps see them, in the place of the slabs. */
    __device__ __forceinline__ void store(Shared& shared) const {
        __syncthreads();
        const int g = lane_id() / 4;
        const int t = lane_id() % 4;
#pragma unroll
        for (int m = 0; m < kTiles; m++) {
#pragma unroll
            for (int n = 0; n < kTileColumns / 8; n++) {
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    store2(&shared.sums.of_warp[warp_id()][16 * m + 8 * half + g][8 * n + 2 * t], c[m][n][2 * half],
                           c[m][n][2 * half + 1]);
                }
            }
        }
        __syncthreads();
    }
};

#endif
