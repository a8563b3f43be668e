#ifndef STAND_IN_COMPATIBILITY_H
#define STAND_IN_COMPATIBILITY_H

#define TF_LITE_REMOVE_VIRTUAL_DELETE                                                              \
    void operator delete(void *) {                                                                 \
    }

#endif
