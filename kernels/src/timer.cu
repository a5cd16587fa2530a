/* How long work takes on the device, by a pair of events. */
#include "scanformer_cuda.h"
#include "stream.cuh"

int sf_timer_begin(sf_stream* stream) {
    const char* operation = "sf_timer_begin";
    int status = check_stream(stream, operation);
    if (status == SF_OK) status = use_device(stream, operation);
    if (status != SF_OK) return status;
    CudaStream* own = cuda_stream(stream);
    if (own->recording) return fail(stream, SF_INVALID_ARGUMENT, "%s: the stream is being recorded", operation);
    for (cudaEvent_t* event : {&own->timer_begin, &own->timer_end}) {
        if (*event == nullptr) status = SF_CHECK(stream, operation, cudaEventCreate(event));
        if (status != SF_OK) return status;
    }
    return SF_CHECK(stream, operation, cudaEventRecord(own->timer_begin, own->queue));
}

int sf_timer_end(sf_stream* stream, float* milliseconds) {
    const char* operation = "sf_timer_end";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    CudaStream* own = cuda_stream(stream);
    if (milliseconds == nullptr) return fail_null(stream, operation);
    if (own->timer_end == nullptr) return fail(stream, SF_INVALID_ARGUMENT, "%s: no timer was begun", operation);
    status = use_device(stream, operation);
    if (status == SF_OK) status = SF_CHECK(stream, operation, cudaEventRecord(own->timer_end, own->queue));
    if (status == SF_OK) status = wait(stream, operation);
    if (status != SF_OK) return status;
    return SF_CHECK(stream, operation, cudaEventElapsedTime(milliseconds, own->timer_begin, own->timer_end));
}
