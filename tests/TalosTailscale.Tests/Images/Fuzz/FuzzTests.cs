namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary>
/// A short run of every target. The long one: <c>dotnet run -c Release --project tests/TalosTailscale.Benchmarks -- fuzz
/// all 1000000</c>.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Answers_every_mutation(string name)
    {
        var target = FuzzTargets.Get(name);

        const int count = 300;
        var result = await FuzzRun.RunAsync(target, 0, count, null, TestContext.Current.CancellationToken);

        output.WriteLine(
            $"{name}: {result.Executions} inputs, {result.Refused} refused, slowest {result.Slowest.TotalMilliseconds:0} ms, "
                + $"largest {result.Largest >> 10} KiB."
        );
        Assert.Empty(result.Findings);
        Assert.Equal(count, result.Executions);
    }
}
