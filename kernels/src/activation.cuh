/* The activations of linear layers. */
#ifndef SCANFORMER_ACTIVATION_CUH
#define SCANFORMER_ACTIVATION_CUH

#include "platform.cuh"
#include "scanformer_cuda.h"

/* Calls body with the activation as a function. */
template <typename Body>
__device__ __forceinline__ void with_activation(int activation, const Body& body) {
    switch (activation) {
        case SF_RELU:
            /* Unlike a maximum, this lets a NaN through. */
            return body([](float v) { return v < 0.0f ? 0.0f : v; });
        case SF_GELU:
            return body([](float v) { return 0.5f * v * (1.0f + erff(v * 0.70710678118654752440f)); });
        case SF_SIGMOID:
            return body([](float v) { return 1.0f / (1.0f + expf(-v)); });
        default:
            return body([](float v) { return v; });
    }
}

#endif
