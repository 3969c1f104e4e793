using TalosTailscale.Benchmarks;

namespace TalosTailscale.Tests.Benchmarks;

public sealed class BenchmarkTableTests
{
    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell_and_a_missing_peer_is_a_dash()
    {
        string[] lines = Lines(
            new BenchmarkRow(5, "a long thing that was done", "1 ms", "dd: 2 ms", "1.3 ×", true),
            new BenchmarkRow(6, "short", "30 s")
        );

        Assert.Equal(
            [
                "| issue | what                       | ours | peer, same run | bar   | met |",
                "|-------|----------------------------|------|----------------|-------|-----|",
                "| 5     | a long thing that was done | 1 ms | dd: 2 ms       | 1.3 × | yes |",
                "| 6     | short                      | 30 s | –              |       |     |",
            ],
            lines[..4]
        );
        Assert.StartsWith("1 met, 0 missed.", lines[5], StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_with_a_bar_or_a_line_break_stays_in_its_cell()
    {
        string line = Lines(BenchmarkRow.Failed(3, "talos", "failed: one | two\nthree"))[2];

        Assert.Contains("| failed: one \\| two three |", line, StringComparison.Ordinal);
        Assert.EndsWith("| NO  |", line, StringComparison.Ordinal);
    }

    [Fact]
    public void One_bar_missed_is_exit_code_1()
    {
        BenchmarkRow met = new(3, "this", "1 ms", Bar: "2 ms", Met: true),
            told = new(3, "that", "1 ms");

        Assert.Equal(0, BenchmarkTable.ExitCode([met, told]));
        Assert.Equal(1, BenchmarkTable.ExitCode([met, told, new(4, "other", "3 ms", Bar: "2 ms", Met: false)]));
    }

    [Fact]
    public void A_peer_that_is_absent_says_so_and_decides_nothing()
    {
        Assert.Equal("dd: not installed", Peer.Figure("dd", Figures.Median([])));
        Assert.Null(Peer.Within(1, 1.3, double.NaN));
        Assert.Equal("dd: 12.5 ms", Peer.Figure("dd", 12.5));
        Assert.True(Peer.Within(13, 1.3, 10));
        Assert.False(Peer.Within(13.1, 1.3, 10));
        Assert.False(Peer.Has("no-such-program-anywhere"));
    }

    private static string[] Lines(params BenchmarkRow[] rows) =>
        BenchmarkTable.Text(rows).ReplaceLineEndings("\n").Split('\n');
}
