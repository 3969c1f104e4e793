using System.Diagnostics;
using System.Text;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Boot;

public class EspProgramTests
{
    [Theory]
    [InlineData("src/TalosTailscale.Core/Boot/NodeShell/esp.sh")]
    [InlineData("tests/TalosTailscale.Boot/get-packages.sh")]
    public async Task Shellcheck_has_nothing_to_say(string script)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/shellcheck"), "shellcheck is not installed.");
        using Process check = Process.Start(
            new ProcessStartInfo("/usr/bin/shellcheck", [Path.Combine(Repository.Root, script)]) { RedirectStandardOutput = true })!;
        string said = await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", said);
        Assert.Equal(0, check.ExitCode);
    }

    [Fact]
    public void What_is_sent_is_the_program_without_its_comments()
    {
        string sent = Encoding.UTF8.GetString(EspProgram.Text.Span);
        Assert.DoesNotContain(sent.Split('\n'), line => line.TrimStart().StartsWith('#'));
        Assert.Contains("cmd_exchange()", sent, StringComparison.Ordinal);
        Assert.EndsWith("\"cmd_$command\" \"$@\"\n", sent, StringComparison.Ordinal);
    }
}
