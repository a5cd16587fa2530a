/** Pictures with expressions and true boxes, for training and judging models. */
package org.scanformer.datasets;
