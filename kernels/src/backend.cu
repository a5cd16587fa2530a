/* The CUDA backend's table. */
#include "backend.h"
#include "scanformer_cuda.h"

__attribute__((visibility("default"))) const sf_backend* sf_cuda_backend(void) {
    static const sf_backend backend = {sizeof(sf_backend),
                                       "CUDA",
                                       false,
                                       cuda::probe,
                                       cuda::stream_create,
                                       cuda::stream_destroy,
                                       cuda::synchronize,
                                       cuda::memory_available,
                                       cuda::allocate,
                                       cuda::free,
                                       cuda::upload,
                                       cuda::download,
#define SF_ENTRY(operation) cuda::operation,
                                       SF_OPERATIONS(SF_ENTRY)
#undef SF_ENTRY
    };
    return &backend;
}
