namespace RedisClone.Protocol

open System

// The counted tree: a persistent sequence of byte strings, by position or by order
// --------------------------------------------------------------------------------
// One B+tree serves lists (by position), sorted sets (by order and rank) and streams (by id).
//
//      node  | count 9200 8800 ... | prefix ... |            up to 64 children
//               |
//      node  | count 151 120 ... | prefix ... |              level 1: the children are leaf pages
//               |
//      leaf  [ header | items ... | slots ]                  one array of bytes: by order, see `LeafPage`,
//                                                            by position, without slots, see `LeafRun`
//
// Every node knows how many items each child has. Going down by position is subtracting those counts; the position of an
// item is the sum of the counts to the left of the way down to it. Every node also knows the first eight bytes of each
// child's smallest item, as a number: going down by order looks at an item only where those are equal.
//
// Order is that of unsigned bytes from the left. Whoever wants another writes the items so: a sorted set puts the eight
// bytes of the score, made to sort as bytes, in front of the member; a stream the sixteen bytes of the id in front of
// the entry. A list never asks for the order; the prefixes are then kept all the same, since they cost next to nothing.
// A tree is used in one way or the other: inserting by position into an ordered tree would break its order.
//
// Fill. A full leaf is split in the middle, except at the right end of the tree, where it stays full and a new one is
// begun, and likewise at the left end: queues, streams and sorted input fill pages to nearly 100 %. Arrays of leaves come
// in a few lengths up to 4 KiB, so that the halves of a split are not half empty. A leaf that shrinks to a quarter joins
// a neighbour under the same node if three quarters of a page hold both; nodes do likewise.
//
// Snapshots are explained in `Owner`. A tree is one version: it may be written to in the epoch in which it was made, and
// is read-only from the owner's next epoch on. Taking a snapshot is remembering the tree; `Edit` gives the version to go
// on with, which shares all nodes and copies each on the first write to it.
//
// Not done: a leaf keeps its array when it shrinks, until it joins another; whole subtrees that are removed at once go
// to the garbage collector, not to the pool, because looking at every leaf would cost more.

/// Stands between two items of one version of a tree, which must not be written to meanwhile.
[<Struct; NoEquality; NoComparison>]
type TreeCursor =
    val private root: TreeNode
    val private count: int
    val mutable private gap: int
    val mutable private page: byte[]
    val mutable private references: Blob[]
    /// The indices of the first item of the page and of the first behind it.
    val mutable private pageStart: int
    val mutable private pageEnd: int
    val mutable private current: int
    /// Where the current item begins in the page.
    val mutable private offset: int

    internal new(root: TreeNode, count: int, gap: int) =
        {
            root = root
            count = count
            gap = gap
            page = null
            references = null
            pageStart = 0
            pageEnd = 0
            current = -1
            offset = 0
        }

    /// Goes to the page with an item.
    member private this.Load(index: int) =
        let mutable node = this.root
        let mutable local = index
        let mutable child = node.ChildAt &local

        while node.Level > 1 do
            node <- node.Nodes[child]
            child <- node.ChildAt &local

        this.page <- node.Leaves[child]
        this.references <- node.ReferencesOf child
        this.pageStart <- index - local
        this.pageEnd <- this.pageStart + node.Counts[child]

    member private this.Show(index: int) =
        if index < this.pageStart || index >= this.pageEnd then
            this.Load index
            this.offset <- LeafPage.offsetOf this.page (index - this.pageStart)
        elif index <> this.current then
            this.offset <- LeafPage.offsetOf this.page (index - this.pageStart)

        this.current <- index

    /// Steps over the item on the right, which becomes the current one; false at the end.
    member this.Next() : bool =
        let gap = this.gap

        if gap = this.current + 1 && gap < this.pageEnd then
            // The next one in the same page.
            this.offset <- LeafPage.offsetBehind this.page (this.current - this.pageStart) this.offset
            this.current <- gap
            this.gap <- gap + 1
            true
        elif gap >= this.count then
            false
        else
            this.Show gap
            this.gap <- gap + 1
            true

    /// Steps over the item on the left, which becomes the current one; false at the beginning.
    member this.Previous() : bool =
        if this.gap <= 0 then
            false
        else
            this.gap <- this.gap - 1
            this.Show this.gap
            true

    /// The item that was stepped over last.
    member this.Item: ReadOnlySpan<byte> =
        LeafPage.itemAt this.page this.references this.offset

    /// Its index.
    member this.Index = this.current

/// Items in an order. Not for two threads at once while it is written to. Spans of items are good until the next write;
/// an item that is written must not be a view into the tree. An index out of range is a defect of the caller.
[<Sealed; AllowNullLiteral>]
type CountedTree
    private (owner: Owner, start: TreeNode, startCount: int, slotShift: int, madeIn: int64, startBytes: int64) =
    /// A leaf or node that shrinks to this looks for a neighbour to join.
    static let underfullBytes = (LeafPage.BytesMax - LeafPage.ItemsAt) / 4

    static let underfullChildren = TreeNode.Fanout / 4

    /// Two that join may need this much together, so that the next insert does not split them again.
    static let joinedBytesMax = (LeafPage.BytesMax - LeafPage.ItemsAt) / 4 * 3

    static let joinedChildrenMax = TreeNode.Fanout / 4 * 3

    /// A leaf that needs more is split, even if packing it anew would make just enough room: else every other write to it
    /// might pack it.
    static let packedBytesMax = (LeafPage.BytesMax - LeafPage.ItemsAt) / 16 * 15

    /// What the tree itself takes.
    static let ownBytes = 140L

    let account = Account startBytes
    let mutable root = start
    let mutable count = startCount

    // What the leaf found on the way down, for the nodes on the way up.
    /// 1 or -1 when the item is inserted at the right or left end of the tree.
    let mutable edge = 0
    let mutable isNew = false

    /// A node of level 1 that was emptied, for the next one needed: a queue makes and drops them in turn.
    let mutable spare: TreeNode = null

    let checkOwned () =
        if madeIn <> owner.Epoch then
            invalidOp "A tree of an older epoch is read-only."

    /// What an item takes beside its leaf, in bytes: those that are long have a blob, and a place among references.
    static let besideOf (length: int) =
        if length > LeafPage.InlineMax then
            int64 length + 80L
        else
            0L

    /// The same for some items of a leaf.
    static let besideOfItems (page: byte[]) (references: Blob[]) (from: int) (items: int) =
        let mutable bytes = 0L

        if not (isNull references) then
            for index in from .. from + items - 1 do
                bytes <- bytes + besideOf (LeafPage.item page references index).Length

        bytes

    static let leafBytes (page: byte[]) (references: Blob[]) =
        Sizeof.array page.Length 1
        + besideOfItems page references 0 (LeafPage.header page).Count

    static let rec bytesOf (node: TreeNode) : int64 =
        let mutable bytes = node.MemoryBytes

        for child in 0 .. node.Count - 1 do
            bytes <-
                bytes
                + (if node.Level > 1 then
                       bytesOf node.Nodes[child]
                   else
                       leafBytes node.Leaves[child] (node.ReferencesOf child))

        bytes

    let rent (needed: int) =
        let page = owner.Pool.Rent(LeafPage.lengthFor (LeafPage.itemsAt slotShift + needed))
        account.Add(Sizeof.array page.Length 1)
        LeafPage.clear page owner.Epoch slotShift
        page

    /// Gives the array of a leaf that the tree no longer has to the pool, if no snapshot can have it.
    let release (page: byte[]) =
        account.Add -(Sizeof.array page.Length 1)

        if (LeafPage.header page).Epoch = owner.Epoch then
            owner.Pool.Return page

    let makeNode (level: int) =
        let made =
            if level = 1 && not (isNull spare) && spare.Epoch = owner.Epoch then
                let node = spare
                spare <- null
                node
            else
                TreeNode(owner.Epoch, level, TreeNode.Fanout)

        account.Add made.MemoryBytes
        made

    let dropNode (node: TreeNode) =
        account.Add -node.MemoryBytes

        if
            node.Level = 1
            && node.Epoch = owner.Epoch
            && node.Counts.Length = TreeNode.Fanout
        then
            node.Truncate 0
            spare <- node

    let ownRoot () =
        if root.Epoch <> owner.Epoch then
            root <- root.Copy owner.Epoch

    let ownNode (node: TreeNode) (child: int) =
        let found = node.Nodes[child]

        if found.Epoch = owner.Epoch then
            found
        else
            let copy = found.Copy owner.Epoch
            node.Nodes[child] <- copy
            copy

    let ownLeaf (node: TreeNode) (child: int) =
        let found = node.Leaves[child]

        if (LeafPage.header found).Epoch = owner.Epoch then
            found
        else
            let copy = owner.Pool.Rent found.Length
            Buffer.BlockCopy(found, 0, copy, 0, found.Length)
            (LeafPage.header copy).Epoch <- owner.Epoch
            node.Leaves[child] <- copy

            match node.ReferencesOf child with
            | null -> ()
            | references -> node.SetReferences(child, Array.copy references)

            copy

    /// Moves the items of an owned leaf into an array with room for them and for `added` bytes more: behind them, or where
    /// that matters, on the side that `growing` (1 or -1) says, and some more on both.
    let repack (node: TreeNode) (child: int) (added: int) (growing: int) =
        let old = node.Leaves[child]
        let needed = LeafPage.used old + added
        let page = rent (needed + needed / 16)

        if growing <> 0 then
            let spareHalf = (page.Length - LeafPage.itemsAt slotShift - needed) / 2
            LeafPage.leaveBefore page (if growing < 0 then spareHalf + added else spareHalf)

        LeafPage.append old 0 (LeafPage.header old).Count page
        LeafPage.indexHints page (node.ReferencesOf child)
        node.Leaves[child] <- page
        release old
        page

    let insertItem (node: TreeNode) (child: int) (index: int) (item: ReadOnlySpan<byte>) =
        let page = node.Leaves[child]
        let mutable references = node.ReferencesOf child
        LeafPage.insert page &references index item

        if item.Length > LeafPage.InlineMax then
            node.SetReferences(child, references)
            account.Add(besideOf item.Length)

        node.Counts[child] <- node.Counts[child] + 1

        if index = 0 then
            node.Prefixes[child] <- LeafPage.prefixOf item

    let placeChild (node: TreeNode) (at: int) (page: byte[]) (references: Blob[]) (inner: TreeNode) =
        let before = node.MemoryBytes
        node.Open at
        account.Add(node.MemoryBytes - before)

        if node.Level = 1 then
            node.SetLeaf(at, page, references)
        else
            node.Nodes[at] <- inner
            node.NoteNode at

    /// Adds a child (a page, or a node) to an owned node, which is split if it is full: then gives the new node on its
    /// right, else null.
    let addChild (node: TreeNode) (at: int) (page: byte[]) (references: Blob[]) (inner: TreeNode) : TreeNode =
        if node.Count < TreeNode.Fanout then
            placeChild node at page references inner
            null
        else
            // At an end of the tree the full part stays full.
            let cut = if edge = 0 then node.Count / 2 else at
            let sibling = makeNode node.Level
            sibling.AddChildren(node, cut)
            node.Truncate cut

            if at > cut || (at = cut && edge = 1) then
                placeChild sibling (at - cut) page references inner
            else
                placeChild node at page references inner

            sibling

    /// Begins a leaf at an end of the tree. It will be filled, so it gets its full length at once.
    let beginLeaf (node: TreeNode) (at: int) (item: ReadOnlySpan<byte>) : TreeNode =
        let page = rent (LeafPage.BytesMax - LeafPage.ItemsAt)

        if edge < 0 then
            LeafPage.leaveBefore page (page.Length - LeafPage.itemsAt slotShift)

        let mutable references: Blob[] = null
        LeafPage.insert page &references 0 item
        account.Add(besideOf item.Length)
        addChild node at page references null

    /// Inserts an item into an owned leaf that has no room for it.
    let splitLeaf (node: TreeNode) (child: int) (index: int) (item: ReadOnlySpan<byte>) : TreeNode =
        if edge > 0 then
            beginLeaf node (child + 1) item
        elif edge < 0 then
            beginLeaf node child item
        else
            let page = node.Leaves[child]
            let cut = LeafPage.middle page
            let moved = node.Counts[child] - cut
            let added = LeafPage.encodedLength item.Length + LeafPage.slotBytes page
            let inLeft = index <= cut
            let needed = LeafPage.usedBy page cut moved + (if inLeft then 0 else added)
            let right = rent (needed + needed / 16)
            let mutable references: Blob[] = null
            LeafPage.append page cut moved right
            LeafPage.moveReferences right 0 (node.ReferencesOf child) &references
            LeafPage.indexHints right references
            LeafPage.remove page (node.ReferencesOf child) cut moved
            repack node child (if inLeft then added else 0) 0 |> ignore
            node.Counts[child] <- cut

            if inLeft then
                insertItem node child index item
            else
                LeafPage.insert right &references (index - cut) item
                account.Add(besideOf item.Length)

            addChild node (child + 1) right references null

    let insertInLeaf (node: TreeNode) (child: int) (index: int) (item: ReadOnlySpan<byte>) : TreeNode =
        let page = ownLeaf node child
        let length = LeafPage.encodedLength item.Length
        let added = length + LeafPage.slotBytes page

        if LeafPage.hasRoom page index length then
            insertItem node child index item
            null
        elif LeafPage.used page + added <= packedBytesMax then
            repack node child added edge |> ignore
            insertItem node child index item
            null
        else
            splitLeaf node child index item

    /// Takes note in a node that an item was inserted below a child, which may have been split.
    let noteInserted (node: TreeNode) (child: int) (sibling: TreeNode) : TreeNode =
        if isNull sibling then
            node.Counts[child] <- node.Counts[child] + 1
            node.Prefixes[child] <- node.Nodes[child].Prefixes[0]
            null
        else
            node.NoteNode child
            addChild node (child + 1) null null sibling

    let rec insertAt (node: TreeNode) (index: int) (item: ReadOnlySpan<byte>) : TreeNode =
        let mutable local = index
        let child = node.ChildAt &local

        if node.Level = 1 then
            insertInLeaf node child local item
        else
            let sibling = insertAt (ownNode node child) local item
            noteInserted node child sibling

    let rec insertInOrder
        (node: TreeNode)
        (item: ReadOnlySpan<byte>)
        (prefix: uint64)
        (atLeft: bool)
        (atRight: bool)
        : TreeNode =
        let child = node.ChildFor(item, prefix)
        let atLeft = atLeft && child = 0
        let atRight = atRight && child = node.Count - 1

        if node.Level = 1 then
            let page = node.Leaves[child]
            let references = node.ReferencesOf child
            let leafCount = node.Counts[child]
            let index = LeafPage.lowerBound page references item
            isNew <- not (index < leafCount && (LeafPage.item page references index).SequenceEqual item)

            if isNew then
                edge <-
                    if atRight && index = leafCount then 1
                    elif atLeft && index = 0 then -1
                    else 0

                insertInLeaf node child index item
            else
                null
        else
            let sibling = insertInOrder (ownNode node child) item prefix atLeft atRight
            if isNew then noteInserted node child sibling else null

    /// Puts a node above the root if that was split.
    let growRoot (sibling: TreeNode) =
        if not (isNull sibling) then
            let top = TreeNode(owner.Epoch, root.Level + 1, 4)
            account.Add top.MemoryBytes
            placeChild top 0 null null root
            placeChild top 1 null null sibling
            root <- top

    /// Takes away nodes above that have but one child.
    let shrinkRoot () =
        while root.Level > 1 && root.Count = 1 do
            account.Add -root.MemoryBytes
            root <- root.Nodes[0]

    /// Makes one of a leaf and its right neighbour, if they are small enough.
    let tryJoinLeaves (node: TreeNode) (left: int) : bool =
        let right = node.Leaves[left + 1]
        let added = LeafPage.used right
        let fits = LeafPage.used node.Leaves[left] + added <= joinedBytesMax

        if fits then
            ownLeaf node left |> ignore
            let page = repack node left added 0
            let from = (LeafPage.header page).Count
            LeafPage.append right 0 (LeafPage.header right).Count page
            let mutable references = node.ReferencesOf left
            LeafPage.moveReferences page from (node.ReferencesOf(left + 1)) &references
            LeafPage.indexHints page references
            release right
            node.Close(left + 1, 1)
            node.SetLeaf(left, page, references)

        fits

    let tryJoinNodes (node: TreeNode) (left: int) : bool =
        let right = node.Nodes[left + 1]
        let fits = node.Nodes[left].Count + right.Count <= joinedChildrenMax

        if fits then
            (ownNode node left).AddChildren(right, 0)
            dropNode right
            node.Close(left + 1, 1)
            node.NoteNode left

        fits

    let tryJoin (node: TreeNode) (left: int) : bool =
        if node.Level = 1 then
            tryJoinLeaves node left
        else
            tryJoinNodes node left

    /// Joins a child that shrank with a neighbour, where that is due.
    let settle (node: TreeNode) (child: int) =
        let isUnderfull =
            child < node.Count
            && (if node.Level = 1 then
                    LeafPage.used node.Leaves[child] <= underfullBytes
                else
                    node.Nodes[child].Count <= underfullChildren)

        if isUnderfull then
            if not (child > 0 && tryJoin node (child - 1)) && child + 1 < node.Count then
                tryJoin node child |> ignore

    let dropChild (node: TreeNode) (child: int) =
        if node.Level = 1 then
            release node.Leaves[child]
        else
            dropNode node.Nodes[child]

        node.Close(child, 1)

    let rec removeAt (node: TreeNode) (index: int) =
        let mutable local = index
        let child = node.ChildAt &local
        node.Counts[child] <- node.Counts[child] - 1

        if node.Level = 1 then
            let page = ownLeaf node child
            account.Add -(besideOfItems page (node.ReferencesOf child) local 1)
            LeafPage.remove page (node.ReferencesOf child) local 1

            if local = 0 then
                node.NoteLeaf child
            elif LeafPage.used page < page.Length / 2 then
                // Not when items leave at an end, one after another: the leaf is about to go.
                repack node child 0 0 |> ignore
        else
            let inner = ownNode node child
            removeAt inner local
            node.Prefixes[child] <- inner.Prefixes[0]

        // The last leaf of all stays.
        if
            node.Counts[child] = 0
            && (node.Count > 1 || not (obj.ReferenceEquals(node, root)))
        then
            dropChild node child
        else
            settle node child

    let rec removeRange (node: TreeNode) (from: int) (removed: int) =
        let mutable local = from
        let first = node.ChildAt &local
        let mutable left = removed
        let mutable child = first
        let mutable dropFrom = first
        let mutable dropped = 0

        while left > 0 do
            let some = min left (node.Counts[child] - local)

            if some = node.Counts[child] then
                if node.Level = 1 then
                    account.Add -(besideOfItems node.Leaves[child] (node.ReferencesOf child) 0 some)
                    release node.Leaves[child]
                else
                    account.Add -(bytesOf node.Nodes[child])

                if dropped = 0 then
                    dropFrom <- child

                dropped <- dropped + 1
            elif node.Level = 1 then
                let page = ownLeaf node child
                account.Add -(besideOfItems page (node.ReferencesOf child) local some)
                LeafPage.remove page (node.ReferencesOf child) local some
                node.NoteLeaf child
            else
                removeRange (ownNode node child) local some
                node.NoteNode child

            left <- left - some
            local <- 0
            child <- child + 1

        if dropped > 0 then
            node.Close(dropFrom, dropped)

        settle node (first + 1)
        settle node first

    let rec tryReplaceAt (node: TreeNode) (index: int) (item: ReadOnlySpan<byte>) : bool =
        let mutable local = index
        let child = node.ChildAt &local

        if node.Level > 1 then
            let inner = ownNode node child
            let replaced = tryReplaceAt inner local item
            node.Prefixes[child] <- inner.Prefixes[0]
            replaced
        else
            let page = ownLeaf node child
            let mutable references = node.ReferencesOf child
            let length = LeafPage.encodedLength item.Length
            let before = besideOfItems page references local 1

            let replaced =
                LeafPage.tryReplace page &references local item
                || (LeafPage.used page + length <= packedBytesMax
                    && LeafPage.tryReplace (repack node child length 0) &references local item)

            if replaced then
                node.SetReferences(child, references)
                account.Add(besideOf item.Length - before)

                if local = 0 then
                    node.Prefixes[child] <- LeafPage.prefixOf item

            replaced

    let itemAt (index: int) : ReadOnlySpan<byte> =
        let mutable node = root
        let mutable local = index
        let mutable child = node.ChildAt &local

        while node.Level > 1 do
            node <- node.Nodes[child]
            child <- node.ChildAt &local

        LeafPage.item node.Leaves[child] (node.ReferencesOf child) local

    /// The index of the first item that is not less than the key, and whether that item is the key or, if asked so,
    /// begins with it.
    let seek (key: ReadOnlySpan<byte>) (asPrefix: bool) (index: byref<int>) : bool =
        let prefix = LeafPage.prefixOf key
        let mutable node = root
        let mutable child = node.ChildFor(key, prefix)
        let mutable before = node.ItemsBefore child

        while node.Level > 1 do
            node <- node.Nodes[child]
            child <- node.ChildFor(key, prefix)
            before <- before + node.ItemsBefore child

        let page = node.Leaves[child]
        let references = node.ReferencesOf child
        let local = LeafPage.lowerBound page references key
        index <- before + local

        if local < node.Counts[child] then
            let found = LeafPage.item page references local

            if asPrefix then
                found.StartsWith key
            else
                found.SequenceEqual key
        else
            // The next leaf begins with more than the key.
            asPrefix && index < count && (itemAt index).StartsWith key

    static let emptyRoot (owner: Owner) (slotShift: int) =
        let page = owner.Pool.Rent(LeafPage.lengthFor 0)
        LeafPage.clear page owner.Epoch slotShift
        let node = TreeNode(owner.Epoch, 1, 4)
        node.Open 0
        node.SetLeaf(0, page, null)
        node

    /// An empty tree. `isOrdered` tells whether items will be looked for by order, or by position only.
    new(owner: Owner, isOrdered: bool) =
        let slotShift = if isOrdered then LeafPage.HintSlots else LeafPage.NoSlots

        let root = CountedTree.EmptyRoot(owner, slotShift)
        CountedTree(owner, root, 0, slotShift, owner.Epoch, CountedTree.BytesOf root)

    static member private EmptyRoot(owner: Owner, slotShift: int) = emptyRoot owner slotShift

    static member private BytesOf(root: TreeNode) = ownBytes + bytesOf root

    /// The memory of the tree, what it shares with other versions included, in bytes.
    member _.Account = account

    /// Counts the memory anew, by looking at every leaf, in bytes.
    member _.Recount() : int64 = CountedTree.BytesOf root

    /// The number of items.
    member _.Count = count

    /// The node at the top, for whoever wants to look at the shape.
    member _.Root = root

    /// The tree itself when the owner may write to it, else a version to go on with, which shares everything. The tree is
    /// then read-only for ever.
    member this.Edit(editor: Owner) : CountedTree =
        if obj.ReferenceEquals(editor, owner) && madeIn = editor.Epoch then
            this
        else
            CountedTree(editor, root, count, slotShift, editor.Epoch, account.Bytes)

    /// The item at an index.
    member _.Item(index: int) : ReadOnlySpan<byte> = itemAt index

    /// Stands before the item at an index; at the count, behind the last.
    member _.CursorAt(index: int) = TreeCursor(root, count, index)

    /// Inserts an item before the one at an index; at the count, behind the last.
    member _.Insert(index: int, item: ReadOnlySpan<byte>) =
        checkOwned ()

        edge <-
            if index = count then 1
            elif index = 0 then -1
            else 0

        ownRoot ()
        growRoot (insertAt root index item)
        count <- count + 1

    /// Puts other bytes in the place of an item. In an ordered tree they must belong there.
    member this.Replace(index: int, item: ReadOnlySpan<byte>) =
        checkOwned ()
        ownRoot ()

        if not (tryReplaceAt root index item) then
            this.RemoveAt index
            this.Insert(index, item)

    /// The bytes of an item for editing in place, until the next write. In an ordered tree its place must stay the same,
    /// and so must the bytes that tell it from its neighbours, with the one behind.
    member _.EditItem(index: int) : Span<byte> =
        checkOwned ()
        ownRoot ()
        let mutable node = root
        let mutable local = index
        let mutable child = node.ChildAt &local

        while node.Level > 1 do
            node <- ownNode node child
            child <- node.ChildAt &local

        let page = ownLeaf node child
        LeafPage.editItem page (node.ReferencesOf child) local

    /// Removes the item at an index.
    member _.RemoveAt(index: int) =
        checkOwned ()
        ownRoot ()
        removeAt root index
        shrinkRoot ()
        count <- count - 1

    /// Removes some items from the one at an index on. Takes time for the leaves it edits, not for those that go.
    member _.RemoveRange(index: int, removed: int) =
        checkOwned ()

        if removed = count then
            root <- emptyRoot owner slotShift
            account.Add(CountedTree.BytesOf root - account.Bytes)
        elif removed > 0 then
            ownRoot ()
            removeRange root index removed
            shrinkRoot ()

        count <- count - removed

    /// Of an ordered tree: how many items are less than the key.
    member _.LowerBound(key: ReadOnlySpan<byte>) : int =
        let mutable index = 0
        seek key false &index |> ignore
        index

    /// Of an ordered tree: the index of an item; where it would be if there is none.
    member _.Find(item: ReadOnlySpan<byte>, index: byref<int>) : bool = seek item false &index

    /// Of an ordered tree: the index of the first item that begins with a key; where it would be if there is none.
    member _.FindPrefix(key: ReadOnlySpan<byte>, index: byref<int>) : bool = seek key true &index

    /// Of an ordered tree: inserts an item where it belongs; false if it is there already.
    member _.Add(item: ReadOnlySpan<byte>) : bool =
        checkOwned ()
        ownRoot ()
        growRoot (insertInOrder root item (LeafPage.prefixOf item) true true)

        if isNew then
            count <- count + 1

        isNew

    /// Of an ordered tree: removes an item; false if there is none.
    member this.Remove(item: ReadOnlySpan<byte>) : bool =
        let mutable index = 0
        let found = seek item false &index

        if found then
            this.RemoveAt index

        found
