using System.Net.Sockets;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>What is tried again, and what cannot get better by waiting.</summary>
public class FactoryRetryTests
{
    private static readonly Uri s_uri = new("https://factory.example/schematics");

    [Theory]
    [InlineData(SocketError.HostNotFound, 1, "could not be reached: Name or service not known (factory.example:443).")]
    [InlineData(SocketError.TryAgain, 3, "; 3 attempts were made.")]
    [InlineData(SocketError.ConnectionRefused, 3, "; 3 attempts were made.")]
    public async Task Only_a_name_that_nobody_knows_is_not_asked_for_again(SocketError error, int attempts, string end)
    {
        var options = new ImageFactoryOptions { Retries = 2, RetryDelay = TimeSpan.Zero };
        int made = 0;
        Task<int> AttemptAsync(CancellationToken cancellationToken)
        {
            made++;
            throw new HttpRequestException(
                HttpRequestError.NameResolutionError,
                "Name or service not known (factory.example:443)",
                new SocketException((int)error)
            );
        }

        var failure = await Assert.ThrowsAsync<TsException>(() =>
            new FactoryRetry(options, SilentReporter.Instance).RunAsync(
                s_uri,
                AttemptAsync,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal(attempts, made);
        Assert.Equal("FactoryUnreachable", failure.ErrorId);
        Assert.Equal(s_uri, failure.Target);
        Assert.EndsWith(end, failure.Message, StringComparison.Ordinal);
    }
}
