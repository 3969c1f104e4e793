using System.Diagnostics;
using System.Text.Json;
using TalosTailscale.Benchmarks;

namespace TalosTailscale.Tests.Benchmarks;

public sealed class BenchmarkChildTests
{
    private static readonly BenchmarkRow s_row = new(5, "this", "1 ms", "dd: 2 ms", "half", true);

    [Fact]
    public void Rows_come_back_as_they_were() =>
        Assert.Equal([s_row], BenchmarkChild.Rows("images", 5, JsonSerializer.Serialize(new[] { s_row }), null));

    [Fact]
    public void A_mode_that_failed_after_its_rows_has_one_more_that_says_so() =>
        Assert.Equal(
            [s_row, BenchmarkRow.Failed(5, "images", "did not finish: exit code 134")],
            BenchmarkChild.Rows("images", 5, JsonSerializer.Serialize(new[] { s_row }), "did not finish: exit code 134")
        );

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("[{\"Issue\":5,\"Wh")]
    public void A_mode_without_rows_is_a_row_that_missed(string json) =>
        Assert.Equal([BenchmarkRow.Failed(5, "images", "left no rows")], BenchmarkChild.Rows("images", 5, json, null));

    [Fact]
    public async Task A_program_hands_its_rows_over_by_the_file_that_it_is_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is one for sh.");
        IReadOnlyList<BenchmarkRow> rows = await RunAsync(
            "echo measuring; printf '[{\"Issue\":5,\"What\":\"this\",\"Ours\":\"1 ms\",\"Peer\":\"dd: 2 ms\",\"Bar\":\"half\",\"Met\":true}]' > \"$BENCHMARK_ROWS\"",
            TimeSpan.FromMinutes(1)
        );

        Assert.Equal([s_row], rows);
    }

    [Fact]
    public async Task A_program_that_ends_badly_says_with_which_code()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is one for sh.");

        Assert.Equal(
            [BenchmarkRow.Failed(5, "images", "did not finish: exit code 3")],
            await RunAsync("exit 3", TimeSpan.FromMinutes(1))
        );
    }

    [Fact]
    public async Task A_program_that_hangs_is_ended_and_says_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The program is one for sh.");

        // The program would take ten minutes; how long it was given is in the row.
        Assert.Equal(
            [BenchmarkRow.Failed(5, "images", "was ended after 0.01 minutes")],
            await RunAsync("sleep 600", TimeSpan.FromSeconds(0.6))
        );
    }

    private static Task<IReadOnlyList<BenchmarkRow>> RunAsync(string program, TimeSpan limit) =>
        BenchmarkChild.RunAsync("images", 5, new ProcessStartInfo("sh", ["-c", program]), limit);
}
