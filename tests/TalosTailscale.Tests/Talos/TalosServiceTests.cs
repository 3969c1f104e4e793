using TalosTailscale.Core.Talos;
using TalosTailscale.Tests.Lab.Talos;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Talos;

public sealed class TalosServiceTests
{
    /// <summary>Talos sends Go's zero time for a service without a health check.</summary>
    [Fact]
    public async Task A_zero_time_of_a_change_is_none_and_the_last_event_tells()
    {
        await using var lab = await StartAsync();

        var services = await lab.Client("ryzen").ServiceListAsync(Stop);

        var unchecked_ = services.Where(one => one.Healthy is null && one.Events.Count > 0).ToArray();
        Assert.NotEmpty(unchecked_);
        Assert.All(unchecked_, one => Assert.Equal(one.Events[^1].Time, one.LastChange));
        Assert.All(services, one => Assert.False(one.LastChange < DateTimeOffset.UnixEpoch));
    }
}
