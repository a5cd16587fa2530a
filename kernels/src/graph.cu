/* Recorded sequences of operations. */
#include <memory>
#include <new>

#include "scanformer_cuda.h"
#include "stream.cuh"

struct sf_graph {
    cudaGraphExec_t executable = nullptr;
};

int sf_graph_begin(sf_stream* stream) {
    const char* operation = "sf_graph_begin";
    int status = check_stream(stream, operation);
    if (status == SF_OK) status = use_device(stream, operation);
    if (status != SF_OK) return status;
    status = SF_CHECK(stream, operation,
                      cudaStreamBeginCapture(cuda_stream(stream)->queue, cudaStreamCaptureModeThreadLocal));
    if (status == SF_OK) cuda_stream(stream)->recording = true;
    return status;
}

int sf_graph_end(sf_stream* stream, sf_graph** graph) {
    const char* operation = "sf_graph_end";
    if (graph != nullptr) *graph = nullptr;
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    cuda_stream(stream)->recording = false;
    cudaGraph_t recorded = nullptr;
    status = SF_CHECK(stream, operation, cudaStreamEndCapture(cuda_stream(stream)->queue, &recorded));
    if (graph == nullptr) {
        if (recorded != nullptr) (void)cudaGraphDestroy(recorded);
        return fail_null(stream, operation);
    }
    if (status != SF_OK) return status;
    std::unique_ptr<sf_graph> created(new (std::nothrow) sf_graph);
    if (created) {
        status = SF_CHECK(stream, operation, cudaGraphInstantiate(&created->executable, recorded, 0));
    } else {
        status = fail(stream, SF_OUT_OF_MEMORY, "%s: out of host memory", operation);
    }
    (void)cudaGraphDestroy(recorded);
    if (status == SF_OK) *graph = created.release();
    return status;
}

int sf_graph_launch(sf_stream* stream, sf_graph* graph) {
    const char* operation = "sf_graph_launch";
    int status = check_stream(stream, operation);
    if (status != SF_OK) return status;
    if (graph == nullptr) return fail_null(stream, operation);
    status = check_not_lost(stream, operation);
    if (status == SF_OK) status = use_device(stream, operation);
    if (status != SF_OK) return status;
    return SF_CHECK(stream, operation, cudaGraphLaunch(graph->executable, cuda_stream(stream)->queue));
}

void sf_graph_destroy(sf_graph* graph) {
    if (graph == nullptr) return;
    (void)cudaGraphExecDestroy(graph->executable);
    delete graph;
}
