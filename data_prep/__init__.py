"""Raw recordings to tensors: a script a data set."""
