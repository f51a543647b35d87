/// The rows of publish and subscribe, which the host carries out: https://redis.io/docs/latest/commands/?group=pubsub
module RedisClone.Protocol.PubSubCommands

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.PubSub
        [
            hosted
                "PSUBSCRIBE pattern [pattern ...]"
                [ PubSub; NoScript; Loading; Stale ]
                (since "2.0.0")
                "Listens to the channels that fit patterns."
            |> complexity "O(N), N being the number of patterns"
            hosted
                "PUBLISH channel message"
                [ PubSub; Loading; Stale; Fast ]
                (since "2.0.0")
                "Sends a message to a channel."
            |> complexity "O(N+M), N being the subscribers of the channel, and M the patterns there are"
            container "PUBSUB" (since "2.8.0") "Looks at channels and their subscribers."
            hosted
                "PUBSUB CHANNELS [pattern]"
                [ PubSub; Loading; Stale ]
                (since "2.8.0")
                "Lists the channels that have subscribers."
            |> complexity "O(N), N being the number of channels"
            hosted "PUBSUB HELP" [ Loading; Stale ] (since "6.2.0") "Lists the subcommands."
            hosted "PUBSUB NUMPAT" [ PubSub; Loading; Stale ] (since "2.8.0") "Counts the patterns subscribed to."
            hosted
                "PUBSUB NUMSUB [channel ...]"
                [ PubSub; Loading; Stale ]
                (since "2.8.0")
                "Counts the subscribers of channels."
            |> complexity "O(N), N being the number of channels"
            hosted
                "PUBSUB SHARDCHANNELS [pattern]"
                [ PubSub; Loading; Stale ]
                (since "7.0.0")
                "Lists the shard channels that have subscribers."
            |> complexity "O(N), N being the number of shard channels"
            hosted
                "PUBSUB SHARDNUMSUB [channel ...]"
                [ PubSub; Loading; Stale ]
                (since "7.0.0")
                "Counts the subscribers of shard channels."
            |> complexity "O(N), N being the number of shard channels"
            hosted
                "PUNSUBSCRIBE [pattern ...]"
                [ PubSub; NoScript; Loading; Stale ]
                (since "2.0.0")
                "Listens no longer to the channels that fit patterns."
            |> complexity "O(N), N being the number of patterns"
            hosted
                "SPUBLISH shardchannel message"
                [ PubSub; Loading; Stale; Fast ]
                (since "7.0.0")
                "Sends a message to a shard channel."
            |> complexity "O(N), N being the subscribers of the channel"
            hosted
                "SSUBSCRIBE shardchannel [shardchannel ...]"
                [ PubSub; NoScript; Loading; Stale ]
                (since "7.0.0")
                "Listens to shard channels."
            |> complexity "O(N), N being the number of channels"
            hosted
                "SUBSCRIBE channel [channel ...]"
                [ PubSub; NoScript; Loading; Stale ]
                (since "2.0.0")
                "Listens to channels."
            |> complexity "O(N), N being the number of channels"
            hosted
                "SUNSUBSCRIBE [shardchannel ...]"
                [ PubSub; NoScript; Loading; Stale ]
                (since "7.0.0")
                "Listens no longer to shard channels."
            |> complexity "O(N), N being the number of channels"
            hosted
                "UNSUBSCRIBE [channel ...]"
                [ PubSub; NoScript; Loading; Stale ]
                (since "2.0.0")
                "Listens no longer to channels."
            |> complexity "O(N), N being the number of channels"
        ]
