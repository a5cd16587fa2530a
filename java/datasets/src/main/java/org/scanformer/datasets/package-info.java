/** Images with expressions and true boxes, for training and evaluating models. */
package org.scanformer.datasets;
