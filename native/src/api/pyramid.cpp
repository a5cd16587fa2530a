/* The front of the image pyramid. */
#include "../shared/pyramid_arguments.h"
#include "front.h"

int sf_build_pyramid(sf_stream* stream, const sf_image* image, int patch, int scales, int rows0, int cols0,
                     const float* mean, const float* std, float* canvas) {
    const char* operation = "sf_build_pyramid";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    int status = check_arrays(stream, operation, image, mean, std, canvas);
    if (status == SF_OK) status = check_image(stream, operation, *image);
    if (status == SF_OK) status = check_canvas(stream, operation, patch, scales, rows0, cols0);
    if (status != SF_OK) return status;
    return stream->backend->build_pyramid(stream, image, patch, scales, rows0, cols0, mean, std, canvas);
}
