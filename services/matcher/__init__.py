"""Who waits, who fits whom, and each proposal until both said yes or it lapsed.

It keeps everybody who asked for a buddy, checks every hard constraint in both directions, and proposes the best pair
there is as soon as it reaches a bar that falls with waiting, at once or in the next round, with a place kept on both
sides before anything goes out; first to a coordinator, where one looks before both do. It follows each proposal through
the answers, forms and closes pairs, and whoever's proposal or pair is over has their place back at once. It tells nobody
anything: what the two learn, when and in which words is the notifier's and the gateway's.
"""
