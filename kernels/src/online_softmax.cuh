/* The softmax of a row of logits that comes in pieces (Milakov and Gimelshein 2018), in powers of two. */
#ifndef SCANFORMER_ONLINE_SOFTMAX_CUH
#define SCANFORMER_ONLINE_SOFTMAX_CUH

#include "warp.cuh"

/*
 * A query's running maximum and the sum of its weights. Several lanes share the query, each with logits of its own:
 * STEPS are the differences between their numbers, by which they exchange what they have.
 *
 * Before the first logits the maximum is -inf, and the factor for the sums so far, which are 0, is 0. After them it is
 * finite if one of them was, so that a difference from it is never inf - inf.
 */
template <int... STEPS>
struct OnlineSoftmax {
    float maximum = -INFINITY;
    float total = 0; /* of this lane's weights */

    /* Turns N more logits of the lane into weights; returns the factor for what was summed with the weights so far. */
    template <int N, typename Logit>
    __device__ __forceinline__ float update(const Logit& logit) {
        float highest = maximum;
#pragma unroll
        for (int i = 0; i < N; i++) highest = fmaxf(highest, logit(i));
        ((highest = fmaxf(highest, __shfl_xor_sync(kFullMask, highest, STEPS))), ...);
        const float rescale = exp2_approximately(maximum - highest);
        maximum = highest;
        float sum = logit(0) = exp2_approximately(logit(0) - highest);
#pragma unroll
        for (int i = 1; i < N; i++) sum += logit(i) = exp2_approximately(logit(i) - highest);
        total = total * rescale + sum;
        return rescale;
    }

    /* The sum of all lanes' weights. */
    __device__ __forceinline__ float sum() const {
        float all = total;
        ((all += __shfl_xor_sync(kFullMask, all, STEPS)), ...);
        return all;
    }
};

#endif
