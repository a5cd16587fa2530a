#include "scanformer.h"
#include "scanformer_linear.h"
