using TalosTailscale.Lab;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>The lab's faults do what they say.</summary>
public sealed class LabFaultTests
{
    [Theory]
    [InlineData("expired-key", "ExpiredKey", null, null)]
    [InlineData("Renamed@ampone=other", "Renamed", "ampone", "other")]
    [InlineData("cut-connection=4096", "CutConnection", null, "4096")]
    public void A_fault_is_named_in_any_spelling(string text, string name, string? node, string? value)
    {
        var setting = LabFaultSetting.Parse(text);

        Assert.Equal((name, node, value), (setting.Fault.Name, setting.Node, setting.Value));
    }

    [Fact]
    public void An_unknown_fault_is_answered_with_the_list() =>
        Assert.Contains(
            "ExpiredKey",
            Assert.Throws<FormatException>(() => LabFaultSetting.Parse("nonsense")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_node_that_never_answers_does_not_hold_up_others()
    {
        await using var lab = await TalosLab.StartAsync(LabFault.NeverAnswers.On("ampone"));

        await lab.Client("ryzen").VersionAsync(Stop);
        var error = await Assert.ThrowsAsync<TsException>(() =>
            lab.Client("ampone").With(TimeSpan.FromMilliseconds(200)).VersionAsync(Stop)
        );

        Assert.Equal("TalosTimeout", error.ErrorId);
    }

    [Fact]
    public async Task A_refused_config_says_what_the_fault_says()
    {
        await using var lab = await TalosLab.StartAsync(LabFault.RejectsConfig.On("ampone", "no such luck"));

        var error = await Assert.ThrowsAsync<TsException>(() =>
            lab.ApplyAsync("ampone", lab.Cluster.Node("ampone").ActiveConfig.Text)
        );

        Assert.Contains("no such luck", error.Message + error.InnerException?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reboot_half_way_breaks_the_call_and_the_config_is_as_it_was()
    {
        await using var lab = await TalosLab.StartAsync(LabFault.RebootsHalfWay.On("ampone"));
        var node = lab.Cluster.Node("ampone");
        var (boot, before) = (node.BootId, node.ActiveConfig.Text);

        await Assert.ThrowsAsync<TsException>(() => lab.ApplyAsync("ampone", before + "# changed\n"));
        await node.WhenAsync(n => n.BootId != boot && n.IsReady, Stop);

        Assert.Equal(before, node.ActiveConfig.Text);
    }

    [Fact]
    public async Task A_connection_cut_in_a_stream_never_gives_half_a_log_and_the_next_call_works()
    {
        await using var lab = await TalosLab.StartAsync();
        var log = lab.Cluster.Node("ampone").Logs["etcd"];
        for (var i = 0; i < 200; i++)
            log.Add($"line {i}: {new string('x', 80)}");
        await lab.Client("ampone").VersionAsync(Stop);
        lab.Cluster.Node("ampone").Faults.Set(LabFault.CutConnection, "5000");

        List<string> lines = [];
        var error = await Record.ExceptionAsync(async () =>
            lines = await lab.Client("ampone").LogsAsync("etcd", cancellation: Stop).ToListAsync(Stop)
        );

        // Cut before anything was read, the client starts the stream again by itself; later it cannot, and says so.
        if (error is null)
            Assert.Equal(log.Lines, lines);
        else
            Assert.StartsWith("Talos", Assert.IsType<TsException>(error).ErrorId, StringComparison.Ordinal);
        Assert.Equal(log.Lines, await lab.Client("ampone").LogsAsync("etcd", cancellation: Stop).ToListAsync(Stop));
    }
}
