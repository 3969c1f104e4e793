using TalosTailscale.Tests.Rollout.Simulation;

namespace TalosTailscale.Tests.Rollout;

/// <summary>A few seeds of a small fleet; the benchmarks' <c>fleet</c> mode plays a hundred of 203 nodes.</summary>
public sealed class FleetSimulationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Faults_and_kills_end_in_a_true_report(int seed)
    {
        string folder = Directory.CreateTempSubdirectory("talostailscale-fleet-").FullName;
        try
        {
            var run = new FleetRun(seed, 20, folder);
            await run.PlayAsync(TestContext.Current.CancellationToken);
            Assert.Empty(run.Wrong);
            Assert.True(run.LowestControlPlanes >= 2);
            Assert.Equal(23, run.Done + run.Failed + run.Left);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
