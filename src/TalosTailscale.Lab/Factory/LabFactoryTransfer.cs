using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace TalosTailscale.Lab.Factory;

/// <summary>Sends a file with ranges and validators as RFC 9110 has them, or as wrongly as the faults say.</summary>
internal static class LabFactoryTransfer
{
    public static async Task SendAsync(HttpContext context, string path, LabFactoryFaults faults)
    {
        if (faults.Empty is { } status)
        {
            context.Response.StatusCode = status;
            context.Response.ContentLength = status == StatusCodes.Status204NoContent ? null : 0;
            return;
        }

        await using var file = File.OpenRead(path);
        var available = faults.Truncates ? file.Length * 9 / 10 : file.Length;
        var length = available + (faults.AnnouncesTooMuch ? 1000 : 0);
        var response = context.Response;
        var tag = faults.ChangesTag
            ? $"\"{Guid.NewGuid():N}\""
            : $"\"{Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(path)))[..32]}\"";
        if (!faults.NoValidators)
        {
            response.Headers.ETag = tag;
            response.Headers.LastModified = Images.LabBytes.Epoch.ToString("R", CultureInfo.InvariantCulture);
        }

        response.ContentType = "application/octet-stream";
        response.Headers.AcceptRanges = faults.IgnoresRanges ? "none" : "bytes";
        var start = Start(context.Request, faults, tag);
        if (start >= length)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = $"bytes */{length}";
            return;
        }

        if (start > 0)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            start -= faults.WrongRange ? 1 : 0;
            response.Headers.ContentRange = $"bytes {start}-{length - 1}/{length}";
        }

        if (faults.ContentEncoding is { } packed)
            response.Headers.ContentEncoding = packed;
        if (!faults.NoLength)
            response.ContentLength = length - start;
        if (context.Request.Method == "HEAD")
            return;
        if (start >= available)
        {
            context.Abort();
            return;
        }

        file.Position = start;
        await CopyAsync(context, file, available - start, faults);
    }

    private static long Start(HttpRequest request, LabFactoryFaults faults, string tag)
    {
        if (
            faults.IgnoresRanges
            || !RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var range)
            || range.Ranges is not { Count: 1 }
            || range.Ranges.First().From is not { } from
        )
            return 0;
        var condition = request.Headers.IfRange.ToString();
        return condition.Length == 0 || condition == tag ? from : 0;
    }

    private static async Task CopyAsync(HttpContext context, FileStream file, long count, LabFactoryFaults faults)
    {
        var cut = faults.Cuts.TryDequeue(out var cutAt) ? cutAt : long.MaxValue;
        var stall = faults.Stalls.TryDequeue(out var stallAt) ? stallAt : long.MaxValue;
        var buffer = new byte[32768];
        var sent = 0L;
        while (sent < count)
        {
            var limit = Math.Min(count, Math.Min(cut, stall));
            var read = await file.ReadAsync(
                buffer.AsMemory(0, (int)Math.Min(buffer.Length, limit - sent)),
                context.RequestAborted
            );
            if (
                faults.Damages
                && file.Position > file.Length / 2
                && file.Position - read <= file.Length / 2
                && read > 0
            )
                buffer[read / 2] ^= 1;
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            sent += read;
            if (sent >= stall)
            {
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            if (sent >= cut)
            {
                await context.Response.Body.FlushAsync(context.RequestAborted);
                if (faults.ResetsOnCut)
                    context.Abort();
                return; // fewer bytes than announced: the server closes the connection
            }
        }
    }
}
