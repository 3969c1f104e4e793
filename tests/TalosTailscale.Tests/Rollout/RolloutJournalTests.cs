using TalosTailscale.Core.Rollout;

namespace TalosTailscale.Tests.Rollout;

/// <summary>The journal: what it remembers, what a torn line costs, and that two processes do not share it.</summary>
public sealed class RolloutJournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("talostailscale-journal-").FullName;

    private string FilePath => Path.Combine(_folder, "sub", "cluster.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_begun_is_remembered_after_a_torn_line()
    {
        await using (RolloutJournal journal = await OpenAsync())
        {
            await journal.WriteAsync(Entry(RolloutEvent.Begun, TsRolloutAction.Cordon));
            await journal.WriteAsync(
                Entry(RolloutEvent.Begun, TsRolloutAction.Activate) with
                {
                    Method = TsRolloutMethod.UkiSwap,
                    PreviousSchematicId = "old",
                }
            );
            await journal.WriteAsync(
                Entry(RolloutEvent.Done, TsRolloutAction.Activate) with
                {
                    Backup = "Talos.efi.bak",
                }
            );
        }

        await File.AppendAllTextAsync(FilePath, "{\"key\":\"n\",\"event\":\"Ov", TestContext.Current.CancellationToken);
        await using RolloutJournal again = await OpenAsync();
        Assert.Equal(1, again.Unreadable);
        RolloutMemory memory = again.MemoryOf("n");
        Assert.True(memory.InFlight);
        Assert.False(memory.RestartBegun);
        Assert.Equal(
            ("Talos.efi.bak", "old", TsRolloutMethod.UkiSwap),
            (memory.Backup, memory.PreviousSchematicId, memory.Method)
        );
        await again.WriteAsync(Entry(RolloutEvent.Over, TsRolloutAction.Check) with { Outcome = RolloutOutcome.Done });
        IReadOnlyDictionary<string, RolloutMemory> read = await RolloutJournal.ReadAsync(
            FilePath,
            TestContext.Current.CancellationToken
        );
        Assert.False(read["n"].InFlight);
        Assert.Equal(RolloutOutcome.Done, read["n"].Outcome);
    }

    [Fact]
    public async Task A_node_that_is_down_is_known_by_its_address()
    {
        await using RolloutJournal journal = await OpenAsync();
        await journal.WriteAsync(
            Entry(RolloutEvent.Begun, TsRolloutAction.Restart) with
            {
                Key = "identity",
                Address = "192.168.1.203",
            }
        );
        RolloutMemory memory = journal.MemoryOf(RolloutJournal.AtAddress("192.168.1.203"));
        Assert.Equal("identity", memory.Key);
        Assert.True(memory.RestartBegun);
    }

    [Fact]
    public async Task A_second_writer_is_refused()
    {
        await using RolloutJournal journal = await OpenAsync();
        TsException e = await Assert.ThrowsAsync<TsException>(OpenAsync);
        Assert.Equal("RolloutJournalBusy", e.ErrorId);
    }

    [Fact]
    public async Task Only_its_owner_can_read_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no mode bits.");
        await using RolloutJournal journal = await OpenAsync();
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public async Task Entries_of_many_nodes_at_once_are_all_there()
    {
        await using (RolloutJournal journal = await OpenAsync())
        {
            await Parallel.ForAsync(0, 200, TestContext.Current.CancellationToken, async (i, _) =>
                await journal.WriteAsync(Entry(RolloutEvent.Begun, TsRolloutAction.Cordon) with { Key = $"n{i}" })
            );
        }

        Assert.Equal(
            200,
            (await RolloutJournal.ReadAsync(FilePath, TestContext.Current.CancellationToken)).Count(pair =>
                pair.Value.InFlight
            )
        );
    }

    [Theory]
    [InlineData("5", 200, 5)]
    [InlineData("10%", 200, 20)]
    [InlineData("10%", 3, 1)]
    [InlineData("100%", 7, 7)]
    [InlineData("50", 7, 7)]
    public void A_width_is_a_number_or_a_share(string text, int count, int expected) =>
        Assert.Equal(expected, RolloutWidth.Parse(text).Of(count));

    [Theory]
    [InlineData("0")]
    [InlineData("101%")]
    [InlineData("-1")]
    [InlineData("%")]
    [InlineData("five")]
    public void Anything_else_is_refused(string text) =>
        Assert.Equal("RolloutOptionInvalid", Assert.Throws<TsException>(() => RolloutWidth.Parse(text)).ErrorId);

    private Task<RolloutJournal> OpenAsync() =>
        RolloutJournal.OpenAsync(FilePath, TestContext.Current.CancellationToken);

    private static RolloutEntry Entry(RolloutEvent what, TsRolloutAction action) =>
        new()
        {
            Key = "n",
            Node = "node",
            Event = what,
            Action = action,
            BootId = "b",
        };
}
